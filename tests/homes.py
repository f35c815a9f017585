"""A home folder of a test's own, where only the unpacked models are shared with the other tests.

A model and the matchers' encoders take 800 MB and many seconds a folder; hundreds of tests want a home that no other
test wrote to.
"""

from pathlib import Path

from shelftalk.settings import load_settings

SHARED = load_settings().home_folder  # read before any test sets SHELFTALK_HOME
MADE_ONCE = ("models", "matchers", "embedders")


def new_home(folder: Path) -> Path:
    """The folder, made where it is not, with links to what the default home has unpacked."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in MADE_ONCE:
        (SHARED / name).mkdir(parents=True, exist_ok=True)
        if not (folder / name).exists():
            (folder / name).symlink_to(SHARED / name, target_is_directory=True)
    return folder
