"""Image classification: preprocessing, the network, the class activation map and the verdict."""
