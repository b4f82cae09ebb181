"""Starts, watches and stops everything that Bon Rayon needs on one machine. Knows no Django."""
