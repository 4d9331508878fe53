"""A perceptron that has the learner's losses, and backpropagation through it with every mistake one can make."""
