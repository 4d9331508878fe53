"""Programs that learners write and that do not run, each with what they are to be told."""

from __future__ import annotations

from typing import NamedTuple

# What stands above each: four samples... of two features, three classes, one hidden layer of five units.
BEGIN = """
import numpy as np

X = np.arange(24.0).reshape(12, 2)
y = np.arange(12) % 3
params = {"W1": np.ones((2, 5)), "b1": np.zeros(5), "W2": np.ones((5, 3)), "b2": np.zeros(3)}

def sigmoid(z):
    return 1 / (1 + np.exp(-z))
"""


class Broken(NamedTuple):
    """A program, the rule that knows its slip, and words that must be said in each language.

    The line that fails ends in "# here".
    """

    kind: str
    code: str
    english: tuple[str, ...]
    chinese: tuple[str, ...]


def broken(kind: str, code: str, english: tuple[str, ...], chinese: tuple[str, ...]) -> Broken:
    return Broken(kind, code, english, chinese)


NAMES = [
    broken(
        "name_near",
        """
        def loss(params):
            return np.mean(sigmiod(X))  # here
        """,
        ("in loss", "no name `sigmiod`", "Did you mean sigmoid?", "sigmoid is defined in line 7"),
        ("函数 loss 中", "没有 `sigmiod` 这个名字", "是不是想写 sigmoid？", "sigmoid 定义在第 7 行"),
    ),
    broken(
        "name_near",
        """
        def compute_loss(params):
            return 1.0

        def train():
            return computeLoss(params)  # here

        train()
        """,
        ("no name `computeLoss`", "Did you mean compute_loss?", "defined in line 10"),
        ("没有 `computeLoss`", "是不是想写 compute_loss？", "第 10 行"),
    ),
    broken(
        "name_near",
        """
        def cost(params):
            return 1.0

        print(objective(params))  # here
        """,
        ("no name `objective`", "Did you mean cost?"),
        ("没有 `objective`", "是不是想写 cost？"),
    ),
    broken("name_near", "ready = true  # here", ("no name `true`", "Did you mean True?"), ("是不是想写 True？",)),
    broken(
        "name_key",
        """
        def forward(params, X):
            return X @ W1  # here

        forward(params, X)
        """,
        ("`W1`; it is a key of params", "params['W1']", "line 13"),
        ("它是 params 的一个键", "params['W1']", "第 13 行"),
    ),
    broken(
        "name_self",
        """
        class Net:
            def __init__(self):
                self.weights1 = np.ones((2, 5))

            def forward(self, X):
                return X @ weights1  # here

        Net().forward(X)
        """,
        ("in Net.forward", "attribute of the object", "self.weights1"),
        ("函数 Net.forward 中", "self.weights1"),
    ),
    broken(
        "name_elsewhere",
        """
        def forward(params):
            z1 = X @ params["W1"]
            return sigmoid(z1)

        def gradients(params):
            return z1 * 2  # here

        gradients(params)
        """,
        ("Line 11 gives one a value", "inside of forward", "return"),
        ("第 11 行给过它值", "函数 forward 里面", "return"),
    ),
    broken(
        "name_later",
        """
        result = accuracy(params)  # here

        def accuracy(params):
            return 1.0
        """,
        ("`accuracy` has no value yet", "line 12", "later"),
        ("`accuracy` 此时还没有值", "第 12 行"),
    ),
    broken(
        "name_import",
        "plt.plot([1, 2])  # here",
        ("import matplotlib.pyplot as plt",),
        ("没有导入", "import matplotlib"),
    ),
    broken(
        "name_formula",
        "p = softmax(X)  # here",
        ("no name `softmax`", "def softmax(z)", "keepdims=True"),
        ("没有 `softmax` 这个名字", "def softmax(z)"),
    ),
    broken("name_numpy", "p = sqrt(X)  # here", ("no name `sqrt`", "write np.sqrt"), ("没有 `sqrt`", "请写 np.sqrt")),
    broken(
        "name_unknown",
        "value = qwertz(3)  # here",
        ("no name `qwertz`", "functions of this file are: sigmoid"),
        ("没有 `qwertz`", "这个文件里的函数有：sigmoid"),
    ),
    broken(
        "unbound_global",
        """
        def step():
            params = {k: params[k] - 0.1 for k in params}  # here

        step()
        """,
        ("`params` has no value yet", "name of the function's own", "argument"),
        ("`params` 还没有值", "函数自己的名字"),
    ),
    broken(
        "unbound_skipped",
        """
        def best(values):
            for value in values:
                top = value
            return top  # here

        best([])
        """,
        ("`top` has no value", "line 12", "not come through"),
        ("`top` 没有值", "第 12 行"),
    ),
    broken(
        "key",
        """
        def loss(params):
            return np.sum(params["w1"])  # here

        loss(params)
        """,
        ("params has no key 'w1'", "'W1', 'b1', 'W2', 'b2'", "Did you mean 'W1'?"),
        ("params 里没有键 'w1'", "'W1', 'b1', 'W2', 'b2'", "是不是想写 'W1'？"),
    ),
    broken(
        "key",
        """
        grads = {"dW1": 1.0, "db1": 2.0}
        new = {name: params[name] - grads[name] for name in params}  # here
        """,
        ("grads has no key 'W1'", "'dW1', 'db1'", "Did you mean 'dW1'?"),
        ("grads 里没有键 'W1'", "是不是想写 'dW1'？"),
    ),
    broken(
        "key", "layers = {1: X}\nlayers['1']  # here", ("no key '1'", "Did you mean 1?"), ("没有键 '1'", "想写 1？")
    ),
    broken("key_empty", "cache = {}\ncache['a1']  # here", ("cache has no key 'a1'; it is empty",), ("它是空的",)),
    broken(
        "attribute_dict",
        "W = params.W1  # here",
        ("params is a dict", "params['W1']"),
        ("params 是字典", "params['W1']"),
    ),
    broken(
        "attribute_list",
        "W = [[1, 2], [3, 4]]\nW.shape  # here",
        ("W is a list of 2", "np.array(W)"),
        ("W 是含 2 项的列表", "np.array(W)"),
    ),
    broken("attribute_array", "X.append(1)  # here", ("np.append(X, ...)",), ("np.append(X, ...)",)),
    broken(
        "attribute_module",
        "Z = np.sigmod(X) if False else np.maximun(0, X)  # here",
        ("the module np has nothing called `maximun`", "np.maximum"),
        ("模块 np 里没有 `maximun`", "np.maximum"),
    ),
    broken(
        "attribute",
        """
        class Net:
            def __init__(self):
                self.W1 = X
                self.bias1 = X

        Net().biass1  # here
        """,
        ("no attribute `biass1`", "Net().bias1"),
        ("没有属性 `biass1`", "Net().bias1"),
    ),
    broken(
        "import_missing",
        "import nosuchlibrary  # here",
        ("nosuchlibrary is not installed", "pip install nosuchlibrary"),
        ("没有安装模块 nosuchlibrary", "pip install nosuchlibrary"),
    ),
    broken(
        "import_near", "import numpyy  # here", ("no module numpyy", "Did you mean numpy?"), ("是不是想写 numpy？",)
    ),
    broken("import_near", "import maths  # here", ("no module maths", "Did you mean math?"), ("是不是想写 math？",)),
    broken("import_part", "import numpy.tensor  # here", ("numpy is there", "no part numpy.tensor"), ("有模块 numpy",)),
    broken(
        "import_name",
        "from numpy import expp  # here",
        ("numpy has nothing called `expp`", "Did you mean exp?"),
        ("numpy 里没有 `expp`", "是不是想写 exp？"),
    ),
]

OVERWRITTEN = [
    broken(
        "number_entries",
        """
        def gradients(params):
            W1 = params["W1"]
            W1 = np.sum(W1)
            return W1[0]  # here

        gradients(params)
        """,
        ("W1 is the number 10 here", "Line 12 makes it a number: W1 = np.sum(W1)"),
        ("W1 在这里是数 10", "第 12 行把它变成了一个数：W1 = np.sum(W1)"),
    ),
    broken(
        "number_entries",
        """
        b = [1.0, 2.0]
        for i in range(2):
            b = 0.5
            print(i)
        b[0]  # here
        """,
        ("b is the number 0.5", "Line 12 makes it a number: b = 0.5"),
        ("b 在这里是数 0.5", "第 12 行"),
    ),
    broken(
        "number_entries",
        "losses = 0.0\nlosses[0] = 1.0  # here",
        ("losses is the number 0", "Line 10"),
        ("losses 在这里是数 0", "第 10 行"),
    ),
    broken(
        "number_several",
        """
        weights = [0.1, 0.2]
        weights = 0.3
        total = sum(weights)  # here
        """,
        ("weights is the number 0.3", "Line 11 makes it a number"),
        ("weights 在这里是数 0.3", "第 11 行"),
    ),
    broken(
        "number_several",
        "epochs = 10\nfor epoch in epochs:  # here\n    pass",
        ("epochs is the number 10", "where several are needed"),
        ("epochs 在这里是数 10", "需要好几个"),
    ),
    broken(
        "number_several",
        """
        def both():
            return 0.5

        a, b = both()  # here
        """,
        ("both() is a number here",),
        ("both() 在这里是一个数",),
    ),
    broken(
        "number_call",
        """
        def loss(params):
            return 0.5

        loss = loss(params)
        print(loss(params))  # here
        """,
        ("loss is the number 0.5 here", "overwritten", "Line 13 makes it a number: loss = loss(params)"),
        ("loss 在这里是数 0.5", "已经被覆盖了", "第 13 行"),
    ),
    broken(
        "number_attribute",
        """
        error = 0.25
        print(error.shape)  # here
        """,
        ("error is the number 0.25", "Line 10 makes it a number"),
        ("error 在这里是数 0.25", "第 10 行"),
    ),
    broken(
        "number_entries",
        """
        def first(W):
            return W[0]  # here

        first(3.5)
        """,
        ("W is the number 3.5", "W is an argument of first, and line 13 hands it in: first(3.5)"),
        ("W 是 first 的参数，由第 13 行传入：first(3.5)",),
    ),
    broken(
        "none_return",
        """
        def forward(X):
            a = sigmoid(X)

        p = forward(X)
        print(p.shape)  # here
        """,
        ("p is None", "function forward (line 10) ends without a return"),
        ("p 在这里是 None", "函数 forward（第 10 行）没有 return"),
    ),
    broken(
        "none_return",
        """
        def rate(epoch):
            0.1 / (1 + epoch)

        X = X - rate(3) * X  # here
        """,
        ("rate(3) is None", "ends without a return"),
        ("rate(3) 在这里是 None", "没有 return"),
    ),
    broken(
        "none_some_return",
        """
        def pick(i):
            if i > 3:
                return [1, 2]

        pick(0)[1]  # here
        """,
        ("pick(0) is None", "not on every way"),
        ("pick(0) 在这里是 None", "并非每条路径上都有"),
    ),
    broken(
        "none_in_place",
        """
        history = [].append(1.0)
        history[0]  # here
        """,
        ("history is None", "[].append(1.0) changes [] itself"),
        ("history 在这里是 None", "直接改变 [] 本身"),
    ),
    broken(
        "none", "cache = None\ncache['a1']  # here", ("cache is None", "line 10"), ("cache 在这里是 None", "第 10 行")
    ),
    broken(
        "unpack",
        """
        def forward(X):
            return X, X, X

        z1, a1 = forward(X)  # here
        """,
        ("2 names stand on the left", "3 values", "in line 11: (X, X, X)"),
        ("左边有 2 个名字", "3 个值", "第 11 行"),
    ),
    broken("unpack", "rows, columns, depth = X.shape  # here", ("3 names", "2 values"), ("3 个名字", "2 个值")),
    broken(
        "unpack_for",
        "layers = [(X, y)]\nfor W, b, activation in layers:  # here\n    pass",
        ("3 names stand behind `for`", "an entry of layers has 2 values"),
        ("`for` 后面有 3 个名字", "layers 中的一项有 2 个值"),
    ),
    broken(
        "unpack_each",
        "for W, b in [0.1, 0.2]:  # here\n    pass",
        ("every entry of [0.1, 0.2] is a single number",),
        ("的每一项只是一个数",),
    ),
]

CALLS = [
    broken(
        "not_called_result",
        """
        def loss(params):
            return (X**2).mean

        print(loss(params) + 1)  # here
        """,
        ("loss(params) gives a function", "line 11", "return (X ** 2).mean()"),
        ("loss(params) 给出的是函数", "第 11 行", "return (X ** 2).mean()"),
    ),
    broken(
        "arguments_unknown",
        "mean = X.mean(dim=0)  # here",
        ("X.mean has no argument `dim`", "Did you mean axis?"),
        ("X.mean 没有名为 `dim` 的参数", "是不是想写 axis？"),
    ),
    broken(
        "arguments_missing",
        """
        def loss(params, X, y):
            return 0.5

        print(loss(params))  # here
        """,
        ("loss is called without X, y", "Line 10 defines it as loss(params, X, y)"),
        ("缺少参数 X, y", "第 10 行定义为 loss(params, X, y)"),
    ),
    broken(
        "arguments_many",
        """
        def loss(params):
            return 0.5

        loss(params, X, y)  # here
        """,
        ("loss takes at most 1 arguments, and 3 are given", "loss(params)"),
        ("loss 最多接受 1 个参数，这里给了 3 个",),
    ),
    broken(
        "arguments_missing",
        "b = np.zeros()  # here",
        ("np.zeros is called without shape",),
        ("np.zeros 时缺少参数 shape",),
    ),
    broken("arguments_count", "n = len()  # here", ("len takes", "0 are given"), ("len 的参数个数", "给了 0 个")),
    broken("not_called", "n = len(sigmoid)  # here", ("sigmoid is a function that has not",), ("sigmoid 是一个函数",)),
    broken(
        "arguments_self",
        """
        class Net:
            def forward(X):
                return X

        Net().forward(X)  # here
        """,
        ("forward (line 11) lacks `self`", "def forward(self, ...)"),
        ("缺少 `self`", "def forward(self, ...)"),
    ),
    broken(
        "arguments_unknown",
        """
        def step(params, learning_rate):
            return params

        step(params, learningrate=0.1)  # here
        """,
        ("no argument `learningrate`", "Did you mean learning_rate?"),
        ("没有名为 `learningrate` 的参数", "learning_rate"),
    ),
    broken(
        "arguments_twice",
        """
        def step(params, rate):
            return params

        step(params, params=params, rate=0.1)  # here
        """,
        ("its argument `params` twice",),
        ("`params` 得到了两次",),
    ),
    broken("call_brackets", "print(y(0))  # here", ("y is an array (12,)", "y[0]"), ("y 是数组 (12,)", "y[0]")),
    broken(
        "call_brackets", "params('W1')  # here", ("params is a dict", "params['W1']"), ("params 是字典", "params['W1']")
    ),
    broken(
        "call_times", "n = 3\nvalue = (n + 1)(n - 1)  # here", ("(n + 1) * (...)",), ("少了乘号", "(n + 1) * (...)")
    ),
    broken("call_other", "np(X)  # here", ("np is the module numpy",), ("np 是模块 numpy",)),
    broken(
        "not_called",
        """
        def gradients(params):
            return params

        gradients["W1"]  # here
        """,
        ("gradients is a function that has not been called", "gradients(...)"),
        ("gradients 是一个函数，但没有被调用",),
    ),
    broken("not_called", "X.sum / 12  # here", ("X.sum(...)",), ("X.sum(...)",)),
    broken(
        "recursion",
        """
        def tanh(z):
            return tanh(z)  # here

        tanh(X)
        """,
        ("tanh calls itself over and over", "line 11"),
        ("tanh 在第 11 行不断地调用自己",),
    ),
]

SHAPES = [
    broken(
        "product_number",
        """
        W1 = np.ones((2, 3))
        W1 = np.mean(W1)
        z1 = X @ W1  # here
        """,
        ("W1 is a single number here", "Line 11 makes it a number: W1 = np.mean(W1)"),
        ("W1 在这里只是一个数", "第 11 行把它变成了一个数：W1 = np.mean(W1)"),
    ),
    broken(
        "product",
        """
        W1 = np.ones((5, 2))
        z1 = X @ W1 + 1  # here
        """,
        ("X is (12, 2), W1 is (5, 2)", "2 and 5 differ", "X @ W1.T"),
        ("X 是 (12, 2)，W1 是 (5, 2)", "2 与 5 不同", "X @ W1.T"),
    ),
    broken(
        "product",
        """
        delta = np.ones((12, 3))
        a1 = np.ones((12, 5))
        dW2 = np.dot(a1, delta)  # here
        """,
        ("a1 is (12, 5), delta is (12, 3)", "a1.T @ delta"),
        ("a1 是 (12, 5)，delta 是 (12, 3)", "a1.T @ delta"),
    ),
    broken("product", "z = params['W1'] @ X  # here", ("X @ params['W1']",), ("X @ params['W1']",)),
    broken("product_number", "z = X @ 0.5  # here", ("0.5 is a single number", "with *"), ("只是一个数", "用 *")),
    broken(
        "product_unknown",
        "z = sigmoid(X) @ X  # here",
        ("sigmoid(X) and X do not fit", "X is (12, 2)", "2 and 12 differ"),
        ("sigmoid(X) 和 X 的形状不匹配", "X 是 (12, 2)"),
    ),
    broken(
        "broadcast",
        """
        p = np.ones((12, 3))
        delta = p - y  # here
        """,
        ("p is (12, 3), y is (12,)", "np.eye(3)[y]"),
        ("p 是 (12, 3)，y 是 (12,)", "np.eye(3)[y]"),
    ),
    broken(
        "broadcast",
        """
        e = np.exp(np.ones((12, 3)))
        p = e / np.sum(e, axis=1)  # here
        """,
        ("e is (12, 3)", "keepdims=True"),
        ("e 是 (12, 3)", "keepdims=True"),
    ),
    broken(
        "broadcast",
        "z = X @ params['W1'] + params['b2']  # here",
        ("params['b2'] is (3,)", "params['b2'] has 3 entries", "5 columns"),
        ("params['b2'] 有 3 个元素", "5 列"),
    ),
    broken("broadcast", "w = np.ones(12)\nz = X * w  # here", ("w[:, None]", "(12, 1)"), ("w[:, None]", "(12, 1)")),
    broken(
        "broadcast",
        "W = np.ones((2, 5))\nW = W - np.ones((5, 2)) * 0.1  # here",
        ("W is (2, 5), np.ones((5, 2)) * 0.1 is (5, 2)", "(np.ones((5, 2)) * 0.1).T"),
        ("(np.ones((5, 2)) * 0.1).T",),
    ),
    broken(
        "broadcast", "error = X - X[:9]  # here", ("X has 12 rows and X[:9] has 9",), ("X 有 12 行，X[:9] 有 9 行",)
    ),
    broken(
        "in_place",
        """
        b1, delta = np.zeros(5), np.ones((12, 5))
        b1 -= 0.1 * delta  # here
        """,
        ("b1 is (5,) and keeps that shape", "0.1 * delta is (12, 5)", "np.sum(..., axis=0)"),
        ("b1 的形状是 (5,)", "0.1 * delta 是 (12, 5)", "np.sum(..., axis=0)"),
    ),
    broken(
        "in_place",
        "W = np.zeros((2, 5))\nW[0] = np.ones(3)  # here",
        ("W[0] is (5,) and keeps that shape", "np.ones(3) is (3,)"),
        ("W[0] 的形状是 (5,)",),
    ),
    broken("reshape", "X.reshape(5, 5)  # here", ("24 numbers", "(5, 5)"), ("有 24 个数", "(5, 5)")),
    broken("axis", "np.sum(y, axis=1)  # here", ("no axis 1", "1 axes", "axis 0"), ("没有轴 1", "轴 0")),
    broken("axis_none", "np.sum(0.5, axis=1)  # here", ("a single number, without any axis",), ("只是一个数",)),
    broken("concatenate", "np.concatenate([X, np.ones((3, 5))])  # here", ("put together",), ("拼接",)),
    broken("ragged", "np.array([[1, 2], [3]])  # here", ("different lengths",), ("长度不同",)),
    broken("empty_array", "np.max(X[X > 99])  # here", ("the array is empty",), ("数组是空的",)),
]

ENTRIES = [
    broken(
        "index_far",
        "t = np.eye(3)[y + 1]  # here",
        ("numbered 0 to 2", "entry 3", "count from 1", "y - 1"),
        ("编号 0 到 2", "从 1 数起"),
    ),
    broken(
        "index_far_list",
        "sizes = [2, 5, 3]\nfor i in range(3):\n    sizes[i + 1]  # here",
        ("sizes has 3 entries, numbered 0 to 2, and entry 3",),
        ("sizes 有 3 个元素，编号 0 到 2",),
    ),
    broken("index_empty", "losses = []\nlosses[-1]  # here", ("losses is empty", "entry -1"), ("losses 是空的",)),
    broken(
        "index_name",
        "params = [X, y]\nparams['W1']  # here",
        ("params is a list of 2", "params[0]", "dict"),
        ("params 是含 2 项的列表", "字典"),
    ),
    broken(
        "index_pair",
        "W = [[1, 2], [3, 4]]\nW[0, 1]  # here",
        ("W is a list", "np.array(W)"),
        ("W 是列表", "np.array(W)"),
    ),
    broken(
        "index_whole", "half = len(X) / 2\nX[half]  # here", ("half of X", "no whole number", "//"), ("不是整数", "//")
    ),
    broken("index_name_array", "X['W1']  # here", ("X is an array", "'W1' is no index"), ("X 是数组",)),
    broken(
        "index_labels",
        "np.eye(3)[y.astype(float)]  # here",
        ("not whole numbers", ".astype(int)"),
        ("不是整数", ".astype(int)"),
    ),
    broken("index_many", "y[0, 1]  # here", ("y is (12,)", "1 axes, and 2", "reshape"), ("y 是 (12,)", "reshape")),
    broken(
        "index_lengths",
        "X[np.arange(5), y]  # here",
        ("different lengths", "one for each row"),
        ("长度不同", "每一行"),
    ),
    broken("index_mask", "X[y[:5] == 0]  # here", ("y[:5] == 0", "as many entries"), ("y[:5] == 0", "行数不同")),
]

CALCULATIONS = [
    broken(
        "whole_numbers",
        "W = np.ones(3, dtype=int)\nW -= 0.1 * W  # here",
        ("W is an array of whole numbers", "dtype=float"),
        ("W 是整数数组", "dtype=float"),
    ),
    broken(
        "one_number_math",
        "from math import exp\nexp(-X)  # here",
        ("math.exp is for one number", "np.exp"),
        ("请写 np.exp",),
    ),
    broken(
        "size_apart",
        "W = np.random.randn((2, 5))  # here",
        ("np.random.randn(2, 5)",),
        ("每个大小都是单独的参数", "np.random.randn(2, 5)"),
    ),
    broken(
        "operands",
        """
        gradients = {"W1": X}
        params = params - gradients  # here
        """,
        ("params is a dict with the keys 'W1', 'b1', 'W2', 'b2'", "{k: ... params[k] ... for k in params}"),
        ("params 是字典，键有 'W1', 'b1', 'W2', 'b2'", "{k: ... params[k] ... for k in params}"),
    ),
    broken("operands", "w = [0.1, 0.2]\nw * 0.5  # here", ("w is a list of 2", "np.array(w)"), ("np.array(w)",)),
    broken("operands", "print('loss: ' + 0.5)  # here", ("cannot be calculated", "text"), ("无法计算", "文本")),
    broken(
        "operands", "rate = '0.1'\nX = X - rate * X  # here", ("rate is the text '0.1'", "float(...)"), ("float(...)",)
    ),
    broken("one_number_math", "import math\nmath.exp(-X)  # here", ("math.exp", "Write np.exp"), ("请写 np.exp",)),
    broken("one_number", "float(X)  # here", ("float(X) needs one number",), ("float(X) 需要一个数",)),
    broken("truth_max", "a = max(0, X)  # here", ("np.maximum(0, X)",), ("np.maximum(0, X)",)),
    broken("truth", "if X > 0:  # here\n    pass", ("neither true nor false", "np.where"), ("没有真假", "np.where")),
    broken("size_tuple", "W = np.zeros(2, 5)  # here", ("np.zeros((2, 5))",), ("np.zeros((2, 5))",)),
    broken("size_whole", "W = np.zeros(5 / 2)  # here", ("np.zeros(5 / 2) needs whole numbers",), ("需要整数",)),
    broken("size_whole", "for i in range(len(X) / 4):  # here\n    pass", ("whole numbers", "//"), ("需要整数", "//")),
    broken("size_whole", "b = np.zeros(X)  # here", ("np.zeros(X) needs whole",), ("np.zeros(X) 需要整数",)),
    broken("unhashable", "seen = {[1, 2]: 3}  # here", ("list cannot be a key",), ("list 不能作字典的键",)),
    broken("text_number", "float('0,5')  # here", ("'0,5' is no number",), ("'0,5' 不是数",)),
    broken(
        "zero_named",
        "n = 0\nmean = 12 / n  # here",
        ("division by zero: n is 0",),
        ("除以了零：n 是 0",),
    ),
    broken("domain", "import math\nmath.log(0)  # here", ("math.log(0) is not defined",), ("没有定义",)),
    broken("overflow", "import math\nmath.exp(1000)  # here", ("math.exp(1000) becomes larger",), ("超出了",)),
]

ENDS = [
    broken("exit", "import sys\nsys.exit(0)  # here", ("ends itself", "__main__"), ("自己结束了", "__main__")),
    broken(
        "exit",
        """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("file")
        parser.parse_args()  # here
        """,
        ("ends itself", "parser.parse_args()"),
        ("自己结束了", "parser.parse_args()"),
    ),
    broken(
        "raised", "raise ValueError('not like this')  # here", ("stops itself here: not like this",), ("让自己停下",)
    ),
    broken(
        "assert",
        "assert X.shape == (2, 12), 'rows and columns'  # here",
        ("assertion does not hold: X.shape == (2, 12)", "X.shape is (12, 2)"),
        ("断言不成立", "X.shape 是 (12, 2)"),
    ),
    broken(
        "unwritten",
        """
        def gradients(params):
            raise NotImplementedError  # here

        gradients(params)
        """,
        ("gradients is not written yet",),
        ("gradients 还没有写好",),
    ),
    broken("file_missing", "open('data.csv')  # here", ("no file data.csv", "looked for from"), ("没有文件 data.csv",)),
    broken("file_missing", "np.loadtxt('data.csv')  # here", ("no file data.csv",), ("没有文件 data.csv",)),
    broken("stop", "next(iter([]))  # here", ("nothing more to give",), ("没有可取的了",)),
    broken(
        "memory",
        "W = np.ones((10**8, 10**8))  # here",
        ("not enough memory",),
        ("内存放不下",),
    ),
    broken(
        "pellucid",
        "from pellucid import Network\nNetwork([], 2)  # here",
        ("The last layer must be a Dense",),
        ("Dense",),
    ),
    broken(
        "other",
        "classes = [0, 1]\nclasses.remove(2)  # here",
        ("stops here with a ValueError", "a list of 2"),
        ("ValueError",),
    ),
]

UNREADABLE = [
    broken("s_colon", "def loss(params)  # here\n    return 1.0", ("a colon is missing",), ("少了冒号",)),
    broken(
        "s_open", "value = print((1, 2)  # here\nother = 3", ("bracket ( ", "never closed"), ("括号 ( ", "没有关闭")
    ),
    broken("s_unmatched", "value = 1 + 2)  # here", (") closes a bracket that nothing opened",), (") 要关闭",)),
    broken("s_other_bracket", "value = (1, 2]  # here", ("( was opened, and ] closes it",), ("打开的是 (",)),
    broken("s_indent", "value = 1\n    other = 2  # here", ("begins further right",), ("比上一行靠右",)),
    broken("s_block", "def f(x):\nreturn x  # here", ("below line 10", "four spaces"), ("第 10 行下面", "四个空格")),
    broken("s_unindent", "def f(x):\n        z = x\n    return z  # here", ("further left",), ("靠左",)),
    broken("s_tabs", "def f(x):\n        z = x\n\treturn z  # here", ("tabs and spaces are mixed",), ("制表符和空格",)),
    broken(
        "s_keyword",
        "lambda = 0.1  # here",
        ("`lambda` is a word of Python's own", "lam"),
        ("`lambda` 是 Python 自己的词",),
    ),
    broken("s_print", "print 'loss'  # here", ("print is a function",), ("print 是函数",)),
    broken("s_sign", "value = max（1, 2)  # here", ("the sign （ (U+FF08)", "keyboard"), ("符号 （", "中文输入法")),
    broken("s_text", "name = 'loss  # here", ("quotation mark is missing",), ("少了结尾的引号",)),
    broken("s_name_digit", "value = 2X  # here", ("2 * x",), ("2 * x",)),
    broken("s_assign", "f(X) = 3  # here", ("left of =",), ("等号左边",)),
    broken("s_assign", "if y = 3:  # here\n    pass", ("==",), ("==",)),
    broken("s_comma", "values = [1 2 3]  # here", ("a comma",), ("逗号",)),
    broken("s_outside", "return 3  # here", ("return stands outside of a function",), ("return 写在了函数外面",)),
    broken("s_loop", "break  # here", ("break stands outside of a loop",), ("break 写在了循环外面",)),
    broken("s_order", "print(end='', 3)  # here", ("come first",), ("放在前面",)),
    broken("s_other", "value = = 3  # here", ("Python cannot read this line",), ("Python 读不懂这一行",)),
]

BROKEN = [*NAMES, *OVERWRITTEN, *CALLS, *SHAPES, *ENTRIES, *CALCULATIONS, *ENDS, *UNREADABLE]
