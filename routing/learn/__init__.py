"""What an installation learns from its people's corrections, beside the scored rules. Pure: values in, values out.

`features` says what a message has; `model` weighs it; `train` finds the weights; `judge` says how good they are on what
they have not seen; `tfidf` is another way to find them, with scikit-learn. Nothing here reads a database or a clock.
"""
