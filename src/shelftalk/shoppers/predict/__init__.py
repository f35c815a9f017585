"""Will this shopper like this product: the history, features, predictors and the reasons that history and record prove."""

from shelftalk.shoppers.predict.examples import Example, Popularity, by_time, examples
from shelftalk.shoppers.predict.files import predict_file, predict_records
from shelftalk.shoppers.predict.kinds import Kinds
from shelftalk.shoppers.predict.met import Met, Pair
from shelftalk.shoppers.predict.opening import open_predictions
from shelftalk.shoppers.predict.predictions import Asked, Histories, Prediction, Predictions
from shelftalk.shoppers.predict.predictors import FeaturePredictor, ModelPredictor, Predictor, like_prompt
from shelftalk.shoppers.predict.vectors import Vectors

__all__ = [
    "Asked", "Example", "FeaturePredictor", "Histories", "Kinds", "Met", "ModelPredictor", "Pair", "Popularity",
    "Prediction", "Predictions", "Predictor", "Vectors", "by_time", "examples", "like_prompt", "open_predictions",
    "predict_file", "predict_records",
]  # fmt: skip
