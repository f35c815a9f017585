"""Prompts: loads, checks and renders the Jinja templates under prompts/. It knows no stage and no model."""

from shelftalk.prompts.budget import fit
from shelftalk.prompts.library import LayeredLibrary, PromptLibrary, Template

__all__ = ["LayeredLibrary", "PromptLibrary", "Template", "fit"]
