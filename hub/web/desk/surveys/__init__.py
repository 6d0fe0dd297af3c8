"""Surveys at the desk: what customers are asked (`pages`, `draft`), and what they say (`results`)."""
