"""What two states of a store say differently of one quarter: the rows, the headline figures, and the records that did it."""
