"""As much of Amazon S3 as lists use (objects, ranges, multipart uploads, listings), kept in memory, for tests on one machine."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

XML = '<?xml version="1.0" encoding="UTF-8"?>'


class Store(BaseHTTPRequestHandler):
    """Objects by "bucket/key"; a bucket is there once it is named."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]
    uploads: dict[str, dict[int, bytes]]

    def log_message(self, *_: object) -> None:
        pass

    @property
    def asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        return unquote(parts.path).lstrip("/"), {name: values[0] for name, values in query.items()}

    def told(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", headers.pop("length", str(len(body))))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self) -> bytes:
        """The content, out of HTTP's chunks and those of the SDK within them."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            raw = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                raw += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "aws-chunked" not in self.headers.get("Content-Encoding", ""):
            return raw
        content = b""
        while raw:
            line, _, raw = raw.partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            if not size:
                break
            content, raw = content + raw[:size], raw[size + 2 :]
        return content

    def do_HEAD(self) -> None:
        name, _ = self.asked
        if "/" not in name:
            self.told(200)
        elif name in self.objects:
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.objects[name])))
            self.send_header("Last-Modified", "Sun, 01 Nov 2026 09:00:00 GMT")
            self.send_header("ETag", f'"{hashlib.md5(self.objects[name]).hexdigest()}"')
            self.end_headers()
        else:
            self.told(404)

    def do_GET(self) -> None:
        name, query = self.asked
        if "list-type" in query:
            self.listing(name.rstrip("/"), query)
        elif name not in self.objects:
            self.told(404, f"{XML}<Error><Code>NoSuchKey</Code></Error>".encode())
        elif asked := self.headers.get("Range"):
            first, _, last = asked.removeprefix("bytes=").partition("-")
            held = self.objects[name]
            part = held[int(first) : int(last) + 1 if last else None]
            self.told(206, part, Content_Range=f"bytes {first}-{int(first) + len(part) - 1}/{len(held)}")
        else:
            self.told(200, self.objects[name])

    def listing(self, bucket: str, query: dict[str, str]) -> None:
        prefix, mark = query.get("prefix", ""), query.get("delimiter", "")
        found, common = [], set()
        for name, content in sorted(self.objects.items()):
            key = name.removeprefix(f"{bucket}/")
            if key == name or not key.startswith(prefix):
                continue
            rest = key[len(prefix) :]
            if mark and mark in rest:
                common.add(prefix + rest.split(mark)[0] + mark)
            else:
                found.append(
                    f"<Contents><Key>{escape(key)}</Key><Size>{len(content)}</Size>"
                    "<LastModified>2026-11-01T09:00:00.000Z</LastModified></Contents>"
                )
        found += [f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in sorted(common)]
        told = f"<KeyCount>{len(found)}</KeyCount><IsTruncated>false</IsTruncated>{''.join(found)}"
        self.told(200, f"{XML}<ListBucketResult><Name>{bucket}</Name>{told}</ListBucketResult>".encode())

    def do_POST(self) -> None:
        name, query = self.asked
        content = self.body()
        if "uploads" in query:
            self.uploads[name] = {}
            told = f"<InitiateMultipartUploadResult><UploadId>{len(self.uploads)}</UploadId></InitiateMultipartUploadResult>"
        elif "delete" in query:
            for key in content.decode().split("<Key>")[1:]:
                self.objects.pop(f"{name.rstrip('/')}/{key.split('</Key>')[0]}", None)
            told = "<DeleteResult></DeleteResult>"
        else:
            self.objects[name] = b"".join(part for _, part in sorted(self.uploads.pop(name).items()))
            told = '<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>'
        self.told(200, f"{XML}{told}".encode())

    def do_PUT(self) -> None:
        name, query = self.asked
        content = self.body()
        if "partNumber" in query:
            self.uploads[name][int(query["partNumber"])] = content
        elif source := self.headers.get("x-amz-copy-source"):
            self.objects[name] = self.objects[unquote(source).lstrip("/")]
            self.told(200, f'{XML}<CopyObjectResult><ETag>"x"</ETag></CopyObjectResult>'.encode())
            return
        elif "/" in name:
            self.objects[name] = content
        self.told(200, ETag=f'"{hashlib.md5(content).hexdigest()}"')

    def do_DELETE(self) -> None:
        self.objects.pop(self.asked[0], None)
        self.told(204)


@contextmanager
def serving() -> Iterator[tuple[str, dict[str, bytes]]]:
    """The options that an address needs ("?endpoint_override=..."), and the objects."""
    held: dict[str, bytes] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Held", (Store,), {"objects": held, "uploads": {}}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"?scheme=http&endpoint_override=127.0.0.1:{server.server_port}&region=eu-west-1", held
    finally:
        server.shutdown()
        server.server_close()
