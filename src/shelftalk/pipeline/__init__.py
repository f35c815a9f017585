"""The pipeline: one request from its words to the answer, over an immutable snapshot; `Shelf` is its face.

state.py holds what a request has come to, stages.py takes it through the stages, task.py makes one async task of it on the workers
(workers.py), logs.py tells of it.
"""

from shelftalk.pipeline.shelf import Shelf
from shelftalk.pipeline.state import NOT_SHOPPING, NOTHING_FITS, STAGES, Event, PipelineState, Snapshot

__all__ = ["NOTHING_FITS", "NOT_SHOPPING", "STAGES", "Event", "PipelineState", "Shelf", "Snapshot"]
