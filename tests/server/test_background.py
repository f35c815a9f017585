"""What chat clients ask behind the shopper's back is answered in the form asked for, without a search; a shopper never is taken for one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shelftalk.server.background import chore

LISTED = "1. Grenholt Camper Rain Jacket, Orange - 49.00 EUR [RAIN-134]\n   It is waterproof.\n2. Other Jacket - 59.00 EUR [RAIN-135]"
QUOTED = f"<chat_history>\nUSER: I'm looking for a rain jacket under 80\nASSISTANT: {LISTED}\n</chat_history>"
TALK = [{"role": "user", "content": "I'm looking for a rain jacket under 80"}, {"role": "assistant", "content": LISTED}]


def _json_task(order: str, example: str) -> str:
    """The shape of Open WebUI's tasks: the task, rules, the form as an example, the history in an element."""
    return f"### Task:\n{order}\n\n### Guidelines:\n- Use the chat's language.\n\n### Output:\nJSON format: {example}\n\n### Chat History:\n{QUOTED}"


FORMS: dict[str, tuple[list[dict[str, str]], str]] = {
    "title as JSON": ([{"role": "user", "content": _json_task("Generate a short title for the chat history.", '{ "title": "your title" }')}], "title"),
    "tags": ([{"role": "user", "content": _json_task("Produce 1-3 broad tags for the themes of the chat history.", '{ "tags": ["tag1", "tag2"] }')}], "tags"),
    "follow-ups": ([{"role": "user", "content": _json_task("Suggest questions that the user might ask next, from the chat history.", '{ "follow_ups": ["Question 1?"] }')}], "follow_ups"),
    "queries": ([{"role": "user", "content": _json_task("Analyze the chat history and decide which search queries are needed.", '{ "queries": ["query1"] }')}], "queries"),
    "image": ([{"role": "user", "content": _json_task("Write a detailed prompt for an image generation task from the context.", '{ "prompt": "Your description." }')}], "prompt"),
    "autocomplete": ([{"role": "user", "content": f'### Task:\nYou are an autocompletion system. Continue the text in `<text>`.\nRespond in JSON: `{{ "text": "<completion>" }}`.\n### Context:\n{QUOTED}\n<type>General</type>\n<text>a rain jac</text>\n#### Output:\n'}], "text"),
    "emoji": ([{"role": "user", "content": "Your task is to reflect the speaker's expression through a fitting emoji.\n\nMessage: ```I love this tent```"}], "emoji"),
    "tools": ([{"role": "system", "content": 'Available Tools: []\n\nChoose and return the correct tool(s) for the query, as JSON: { "tool_calls": [] }'}, {"role": "user", "content": "Query: a rain jacket"}], "tool_calls"),
    "title in words, with speakers": ([{"role": "user", "content": f'Please write a concise title, 5 words or less, for the conversation below. No punctuation.\n\n||>User:\n"I\'m looking for a rain jacket under 80"\n||>Response:\n"{LISTED}"\n\n||>Title:'}], "title"),
    "title and language": ([{"role": "user", "content": f"Analyze this conversation and provide:\n1. The detected language\n2. A concise title (5 words or less)\n\nUser: I'm looking for a rain jacket under 80\nAI: {LISTED}"}], "title"),
    "title after the talk": ([*TALK, {"role": "user", "content": "Please generate a four to five word title summarizing our conversation, without punctuation or quotation marks."}], "title"),
    "title by the system": ([{"role": "system", "content": "You summarize the user's conversation into a title within 10 words."}, {"role": "user", "content": json.dumps(TALK)}], "title"),
    "title by the system, of a first message": ([{"role": "system", "content": "Provide a short title of 2-4 words for the user's message."}, TALK[0]], "title"),
    "language": ([{"role": "system", "content": "Detect the language used in the following text."}, {"role": "user", "content": "eine Regenjacke unter 80 Euro bitte"}], "language"),
    "summary": ([*TALK, {"role": "system", "content": "Summarize the discussion in 200 words or less, for later context."}], "summary"),
    "a name for the talk": ([{"role": "user", "content": f"Give this conversation a name of at most 10 characters. Just provide the name, nothing else.\n\n```\nUSER: I'm looking for a rain jacket under 80\nASSISTANT: {LISTED}\n```\n\nName this conversation.\nThe name is:"}], "title"),
    "a name after the talk": ([*TALK, {"role": "user", "content": "Suggest a short name for our chat, without quotation marks."}], "title"),
    "title asked for in German": ([{"role": "user", "content": f'### Aufgabe:\nErstelle einen kurzen Titel, der den Verlauf zusammenfasst.\n### Ausgabe:\nJSON-Format: {{ "title": "dein Titel" }}\n{QUOTED}'}], "title"),
    "tags asked for in French": ([{"role": "user", "content": f'### Tâche:\nPropose une à trois étiquettes.\n### Sortie:\nFormat JSON : {{ "tags": ["a", "b"] }}\n{QUOTED}'}], "tags"),
    "follow-ups asked for in Chinese": ([{"role": "user", "content": f'### 任务:\n根据聊天记录，建议后续问题。\n### 输出:\nJSON 格式：{{ "follow_ups": ["问题1？"] }}\n{QUOTED}'}], "follow_ups"),
    "follow-ups by the system": ([{"role": "system", "content": "Suggest three follow-up questions for this conversation. Return only the questions."}, {"role": "user", "content": f"User: a rain jacket\nAI: {LISTED}"}], "follow_ups"),
}  # fmt: skip


def _reply(client: TestClient, messages: list[dict[str, str]], **more: Any) -> Any:
    reply = client.post("/v1/chat/completions", json={"messages": messages, **more})
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize("name", FORMS)
def test_each_is_known_by_its_shape_and_searches_nothing(client: TestClient, name: str) -> None:
    messages, what = FORMS[name]
    reply = _reply(client, messages)
    assert reply["shelftalk"] == {"background": what}
    assert reply["usage"]["total_tokens"] == 0
    assert "EUR" not in reply["choices"][0]["message"]["content"]


def _content(client: TestClient, name: str) -> Any:
    text = _reply(client, FORMS[name][0])["choices"][0]["message"]["content"]
    return json.loads(text) if text.startswith("{") else text


def test_each_reply_has_the_form_asked_for(client: TestClient) -> None:
    assert _content(client, "title as JSON") == {"title": "Rain Jacket under 80"}
    assert _content(client, "tags") == {"tags": ["Shopping", "Rain Jackets"]}
    assert _content(client, "queries") == {"queries": []}
    assert _content(client, "autocomplete") == {"text": ""}
    assert _content(client, "tools") == {"tool_calls": []}
    assert "Grenholt Camper Rain Jacket" in _content(client, "image")["prompt"]
    assert _content(client, "emoji") == "🙂"
    assert _content(client, "language") == "German"
    assert _content(client, "summary").startswith("The shopper asked for: I'm looking for a rain jacket under 80.")
    for name in FORMS:
        if FORMS[name][1] == "title":
            found = _content(client, name)
            assert (found["title"] if isinstance(found, dict) else found) == "Rain Jacket under 80", name


def test_questions_to_go_on_with_are_understood_when_they_are_asked(client: TestClient) -> None:
    asked = _content(client, "follow-ups")["follow_ups"]
    assert len(asked) >= 3
    first = _reply(client, [{"role": "user", "content": "a rain jacket"}])["choices"][0]["message"]["content"]
    before = [{"role": "user", "content": "a rain jacket"}, {"role": "assistant", "content": first}]
    for text in asked:
        answer = _reply(client, [*before, {"role": "user", "content": text}])["shelftalk"]
        assert answer["picks"], text
        assert all("Rain" in pick["title"] for pick in answer["picks"]), text


def test_an_emoji_is_in_a_title_only_where_it_is_wanted(client: TestClient) -> None:
    order = "Generate a title with an emoji for the chat history."
    with_one = _reply(client, [{"role": "user", "content": _json_task(order, '{ "title": "your title" }')}])
    assert json.loads(with_one["choices"][0]["message"]["content"])["title"] == "🛍️ Rain Jacket under 80"
    order = "Generate a title for the chat history. Do not use emojis."
    without = _reply(client, [{"role": "user", "content": _json_task(order, '{ "title": "your title" }')}])
    assert json.loads(without["choices"][0]["message"]["content"])["title"] == "Rain Jacket under 80"


def test_a_schema_or_a_tool_that_must_be_called_says_the_form(client: TestClient) -> None:
    messages, _ = FORMS["title and language"]
    schema = {
        "type": "object",
        "properties": {"language": {"type": "string"}, "title": {"type": "string"}, "more": {"type": "array"}},
    }
    shaped = {"type": "json_schema", "json_schema": {"name": "extract", "schema": schema}}
    reply = _reply(client, messages, response_format=shaped)["choices"][0]["message"]
    told = {"language": "English", "title": "Rain Jacket under 80", "more": []}
    assert json.loads(reply["content"]) == told
    tool = {"type": "function", "function": {"name": "extract", "parameters": schema}}
    for choice in ({"type": "function", "function": {"name": "extract"}}, "required"):
        called = _reply(client, messages, tools=[tool], tool_choice=choice)["choices"][0]["message"]
        assert called["content"] is None
        assert called["tool_calls"][0]["function"]["name"] == "extract"
        assert json.loads(called["tool_calls"][0]["function"]["arguments"]) == told


def test_an_element_named_for_a_parameter_holds_the_title(client: TestClient) -> None:
    order = "You may use a tool to generate the conversation title.\n<tools><parameter>\n<name>title</name>\n</parameter></tools>"
    talk = "User: a kettle & a <b>pot</b>\nAI: Here."
    reply = _reply(client, [{"role": "system", "content": order}, {"role": "user", "content": talk}])
    assert reply["choices"][0]["message"]["content"] == "<title>Kettle &amp; a &lt;b&gt;pot&lt;/b&gt;</title>"


def test_it_streams_as_any_message_does(client: TestClient) -> None:
    openai = pytest.importorskip("openai", reason="needs openai, of the extra dev")
    made = openai.OpenAI(base_url="http://testserver/v1", api_key="none", http_client=client, max_retries=0)
    messages, _ = FORMS["title as JSON"]
    chunks = list(
        made.chat.completions.create(
            model="shelftalk", messages=messages, stream=True, stream_options={"include_usage": True}
        )
    )
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == '{"title": "Rain Jacket under 80"}'
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage.total_tokens == 0


@pytest.mark.parametrize(
    "request_",
    [
        "suggest a board game with conversation starters",
        "give me a mug with a short message and only one emoji",
        "recommend a title for a book lover, without violence",
        "find headphones with a clear conversation mode, reply only with names",
        "a label maker, give me only one",
        "a webcam for chats, and give me a summary of its features",
        "describe the best tent in one sentence",
        'Give me the cheapest tent as JSON: {"title": "...", "price": 0}',
        'here is my list ```{"title": "tent", "price": 3}``` find me these',
        "name tags for a conversation evening, only 5 words each",
        "<history>I bought a tent</history> now I need a sleeping bag",
        "suggest a chat game for a party with at most 5 words a card",
    ],
)
def test_a_shopper_is_not_taken_for_one(request_: str) -> None:
    assert chore([("user", request_)]) is None


@pytest.mark.parametrize(
    "order",
    [
        "You are the shop's assistant. Reply in the language of the user's message. Be brief.",
        "At the end of the conversation, provide a short summary of the products.",
        "Always give product titles and prices, in at most 50 words. Keep the conversation friendly.",
        "Given the following conversation, relevant context, and a follow up question, reply with an answer to the current question the user"
        " is asking. Return only your response to the question given the above information.",
        "If the questions the user may ask are about delivery, provide the shop's policy in the conversation.",
        "You are the shop's assistant. Be concise. At the end of the conversation, provide a short summary of what was bought.",
        "You help shoppers. After each answer suggest three follow-up questions the user might ask. Keep it brief.",
        "Detect the user's mood and reply with one emoji at the end. Only recommend products in the text.",
    ],
)
def test_orders_on_how_to_behave_are_none_either(order: str) -> None:
    assert chore([("system", order), ("user", "a rain jacket")]) is None
