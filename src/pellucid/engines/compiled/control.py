"""Where threads that share a chunk of steps leave word for each other: places in two small arrays."""

MOST = 64  # parts of a step, and ranges of its parameters

# In `control`, whole numbers; what several threads write stands in a cache line of its own.
CLAIMED, OPEN, FINISHED = 0, 16, 32  # tasks taken, tasks that may be taken, tasks done, since the call began
CLOSED, PHASE, STEP, LEFT = 48, 49, 50, 51  # whether the call is over, what is being done, in which step, steps done
PRESENT = 64  # for each part, whether its rows are in place already
CONTROL = PRESENT + MOST

# In `sums`, doubles: of each part, then of each range; the last two 0, or NaN where something is not finite.
LOSS, CORRECT, PENALTY, SQUARES = 0, MOST, 2 * MOST, 3 * MOST
GRADIENT, UPDATED, SCALE = 4 * MOST, 5 * MOST, 6 * MOST
SUMS = 6 * MOST + 1

# What is being done. Parts take their rows; then ranges add the parts' gradients up and update, in one go, or, where
# the gradient's length must be known before, in two.
PARTS, WHOLE_UPDATE, SUMMING, UPDATING = 0, 1, 2, 3
