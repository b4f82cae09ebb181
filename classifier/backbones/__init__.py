"""Pretrained networks that turn texts and pictures into features.

Nothing here fetches anything: weights come from installed packages or local files.
"""
