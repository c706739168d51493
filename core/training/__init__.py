"""Training of the style model: data, features, fine-tuning, calibration, evaluation and export."""
