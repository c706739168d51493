"""From a picture to a verdict: the frame, the network, the class activation map and where it is hot."""
