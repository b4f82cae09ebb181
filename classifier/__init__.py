"""Product classification: CNN (image), BERT (text) and FUSION of both.

A library without Django: it can be trained on a GPU machine, run in a notebook or called from
a worker. Importing this package, or `classifier.types`, does not import torch.
"""
