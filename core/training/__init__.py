"""Eva's school: everything that makes a model from labelled photos. The only room that imports TensorFlow."""
