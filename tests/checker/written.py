"""Networks written out as learners write them, and mistakes made in them by changing a line or two."""

from __future__ import annotations

import linecache
import zlib
from typing import Any

# Relu, softmax and a penalty.
SOFTMAX = """
import numpy as np
rng=np.random.default_rng(SEED)
N,D,H,C=30,6,8,4
X=rng.normal(size=(N,D)); t=rng.integers(0,C,N)
params={"Wh":rng.normal(size=(D,H))*.4,"bh":rng.normal(size=H)*.1,"Wo":rng.normal(size=(H,C))*.4,"bo":rng.normal(size=C)*.1}
reg=0.1
def softmax(s):
    e=np.exp(s-s.max(axis=1,keepdims=True))
    return e/e.sum(axis=1,keepdims=True)
def forward(p,X):
    h=np.maximum(0,X@p["Wh"]+p["bh"])
    return h,softmax(h@p["Wo"]+p["bo"])
def loss(p):
    h,P=forward(p,X)
    data=-np.log(P[range(N),t]).sum()/N
    return data+0.5*reg*(p["Wh"]**2).sum()+0.5*reg*(p["Wo"]**2).sum()
def gradients(p):
    h,P=forward(p,X)
    d=P.copy()
    d[range(N),t]-=1
    d/=N
    dWo=h.T@d+reg*p["Wo"]
    dbo=d.sum(axis=0)
    dh=d@p["Wo"].T
    dh[h<=0]=0
    dWh=X.T@dh+reg*p["Wh"]
    dbh=dh.sum(axis=0)
    return {"Wh":dWh,"bh":dbh,"Wo":dWo,"bo":dbo}
"""

# Three layers, samples in columns.
DEEP = """
import numpy as np
rng=np.random.default_rng(SEED)
m=25
X=rng.normal(size=(3,m)); Y=(rng.random((1,m))<.4)*1.0
def sigmoid(z): return 1/(1+np.exp(-z))
params={"W1":rng.normal(size=(5,3))*.6,"b1":np.zeros((5,1)),"W2":rng.normal(size=(4,5))*.6,"b2":np.zeros((4,1)),"W3":rng.normal(size=(1,4))*.6,"b3":np.zeros((1,1))}
def loss(parameters):
    A1=np.tanh(parameters["W1"]@X+parameters["b1"])
    A2=np.tanh(parameters["W2"]@A1+parameters["b2"])
    A3=sigmoid(parameters["W3"]@A2+parameters["b3"])
    return -1/m*np.sum(Y*np.log(A3)+(1-Y)*np.log(1-A3))
def gradients(parameters):
    W1,b1,W2,b2,W3,b3=[parameters[k] for k in ("W1","b1","W2","b2","W3","b3")]
    Z1=W1@X+b1
    A1=np.tanh(Z1)
    Z2=W2@A1+b2
    A2=np.tanh(Z2)
    A3=sigmoid(W3@A2+b3)
    dZ3=A3-Y
    dW3=1/m*dZ3@A2.T
    db3=1/m*np.sum(dZ3,axis=1,keepdims=True)
    dZ2=W3.T@dZ3*(1-A2**2)
    dW2=1/m*dZ2@A1.T
    db2=1/m*np.sum(dZ2,axis=1,keepdims=True)
    dZ1=W2.T@dZ2*(1-A1**2)
    dW1=1/m*dZ1@X.T
    db1=1/m*np.sum(dZ1,axis=1,keepdims=True)
    return {"dW1":dW1,"db1":db1,"dW2":dW2,"db2":db2,"dW3":dW3,"db3":db3}
"""

# A list, means over all outputs.
SUMS = """
import numpy as np
rng=np.random.default_rng(SEED)
X=rng.uniform(-1,1,size=(40,2)); Y=np.stack([np.sin(3*X[:,0]),X[:,0]*X[:,1]],axis=1)
w=[rng.normal(size=(2,9)),rng.normal(size=9)*.2,rng.normal(size=(9,2))*.5,np.zeros(2)]
params=w
def loss(w):
    H=1/(1+np.exp(-(X.dot(w[0])+w[1])))
    O=H.dot(w[2])+w[3]
    return ((O-Y)**2).mean()
def gradients(w):
    Z=X.dot(w[0])+w[1]
    H=1/(1+np.exp(-Z))
    O=H.dot(w[2])+w[3]
    err=2*(O-Y)/Y.size
    g2=H.T.dot(err)
    g3=err.sum(0)
    back=err.dot(w[2].T)
    dz=back*H*(1-H)
    g0=X.T.dot(dz)
    g1=dz.sum(0)
    return [g0,g1,g2,g3]
"""

# Logistic regression with a penalty and a plain number.
LOGISTIC = """
import numpy as np
rng=np.random.default_rng(SEED)
X=rng.normal(size=(22,4)); y=(X@np.array([1.,-2,.5,0])+.3*rng.normal(size=22)>0).astype(float)
params=[rng.normal(size=4)*.5, 0.1]
alpha=.2
def prob(w,b): return 1/(1+np.exp(-(X@w+b)))
def loss(params):
    w,b=params
    p=prob(w,b)
    return -np.mean(y*np.log(p)+(1-y)*np.log(1-p))+alpha*np.sum(w**2)
def gradients(params):
    w,b=params
    p=prob(w,b)
    dw=X.T@(p-y)/len(y)+2*alpha*w
    db=np.mean(p-y)
    return [dw,db]
"""

# A class that keeps its gradients.
OBJECT = """
import numpy as np
rng=np.random.default_rng(SEED)
X=rng.normal(size=(18,5)); y=rng.normal(size=(18,1))
class Net:
    def __init__(self):
        self.W1=rng.normal(size=(5,5))*.5; self.b1=np.zeros((1,5))+.05
        self.W2=rng.normal(size=(5,5))*.5; self.b2=np.zeros((1,5))-.05
        self.W3=rng.normal(size=(5,1))*.5; self.b3=np.zeros((1,1))
    def forward(self,X):
        self.X=X
        self.z1=X@self.W1+self.b1; self.a1=np.maximum(self.z1,0)
        self.z2=self.a1@self.W2+self.b2; self.a2=np.maximum(self.z2,0)
        self.out=self.a2@self.W3+self.b3
        return self.out
    def loss(self):
        return 0.5*np.mean((self.forward(X)-y)**2)
    def backward(self):
        self.forward(X)
        d3=(self.out-y)/len(X)
        self.dW3=self.a2.T@d3; self.db3=d3.sum(axis=0,keepdims=True)
        d2=(d3@self.W3.T)*(self.z2>0)
        self.dW2=self.a1.T@d2; self.db2=d2.sum(axis=0,keepdims=True)
        d1=(d2@self.W2.T)*(self.z1>0)
        self.dW1=self.X.T@d1; self.db1=d1.sum(axis=0,keepdims=True)
net=Net(); params=net; loss=net.loss; gradients=net.backward
"""

# The program, what is replaced by what, and the kinds that name the mistake.
MISTAKES: list[tuple[str, list[tuple[str, str]], set[str]]] = [
    (SOFTMAX, [("    d/=N\n", "")], {"missing_1_over_n"}),
    (SOFTMAX, [("    dh[h<=0]=0\n", "")], {"derivative_left_out"}),
    (SOFTMAX, [("    dh[h<=0]=0\n", "    dh[h>0]=0\n")], {"derivative_wrong"}),
    (SOFTMAX, [("    d[range(N),t]-=1\n", "")], {"target_left_out"}),
    (SOFTMAX, [("    d[range(N),t]-=1\n", "    d[:,t]-=1\n")], {"gradient_wrong", "other_loss", "target_left_out"}),
    (SOFTMAX, [('dh=d@p["Wo"].T', "dh=d@dWo.T")], {"wrong_chain"}),
    (SOFTMAX, [('h.T@d+reg*p["Wo"]', "h.T@d")], {"penalty_forgotten"}),
    (SOFTMAX, [('+reg*p["Wo"]', '+reg*p["Wo"]/N'), ('+reg*p["Wh"]', '+reg*p["Wh"]/N')], {"penalty_divided_by_n"}),
    (SOFTMAX, [('+reg*p["Wh"]\n', '+0.5*reg*p["Wh"]\n')], {"penalty_doubled", "penalty_wrong_factor"}),
    (
        SOFTMAX,
        [
            ("dbo=d.sum(axis=0)", 'dbo=d.sum(axis=0)+reg*p["bo"]'),
            ("dbh=dh.sum(axis=0)", 'dbh=dh.sum(axis=0)+reg*p["bh"]'),
        ],
        {"penalty_on_biases"},
    ),
    (SOFTMAX, [("dbo=d.sum(axis=0)", "dbo=d.sum()")], {"bias_wrong_axis"}),
    (SOFTMAX, [("dbo=d.sum(axis=0)", "dbo=d[0]")], {"bias_wrong_axis", "one_sample"}),
    (SOFTMAX, [("d=P.copy()", "d=-P.copy()"), ("d[range(N),t]-=1", "d[range(N),t]+=1")], {"wrong_sign"}),
    (
        SOFTMAX,
        [("s-s.max(axis=1,keepdims=True)", "s-s.max()"), ("e/e.sum(axis=1,keepdims=True)", "e/e.sum()")],
        {"softmax_wrong_axis"},
    ),
    (
        SOFTMAX,
        [
            ("s.max(axis=1,keepdims=True)", "s.max(axis=0,keepdims=True)"),
            ("e.sum(axis=1,keepdims=True)", "e.sum(axis=0,keepdims=True)"),
        ],
        {"softmax_wrong_axis"},
    ),
    (SOFTMAX, [("    d=P.copy()\n", '    e=np.exp(h@p["Wo"]+p["bo"]);d=e/e.sum(axis=0)\n')], {"softmax_wrong_axis"}),
    (SOFTMAX, [('"Wh":dWh,"bh":dbh', '"Wh":dWh,"bh":dbh*0')], {"zero_gradient"}),
    (SOFTMAX, [('"Wo":dWo,"bo":dbo', '"Wo":dWo')], {"missing_gradient"}),
    (SOFTMAX, [('"Wo":dWo,', '"Wo":dWo.T,')], {"transposed", "wrong_shape"}),
    (
        SOFTMAX,
        [("    d=P.copy()\n", "    d=P*(1-P)\n")],
        {"derivative_extra", "derivative_wrong", "gradient_wrong", "other_loss", "target_left_out"},
    ),
    (SOFTMAX, [("    d/=N\n", "    d*=P*(1-P)/N\n")], {"derivative_extra", "derivative_wrong", "other_loss"}),
    (SOFTMAX, [("X.T@dh+reg", 'X.T@d@p["Wo"].T+reg')], {"derivative_left_out"}),
    (DEEP, [("dZ2=W3.T@dZ3*(1-A2**2)", "dZ2=W3.T@dZ3*A2*(1-A2)")], {"derivative_wrong"}),
    (DEEP, [("(1-A1**2)", "(1-Z1**2)")], {"derivative_at_z"}),
    (DEEP, [("(1-A1**2)", "(1-np.tanh(A1)**2)")], {"derivative_at_a"}),
    (DEEP, [("(1-A1**2)", "(1-A2[:1]**2)")], {"derivative_wrong", "gradient_wrong", "wrong_chain"}),
    (DEEP, [("dW2=1/m*dZ2@A1.T", "dW2=1/m*dZ2@Z1.T")], {"input_at_z"}),
    (DEEP, [("dW2=1/m*dZ2", "dW2=dZ2")], {"missing_1_over_n"}),
    (DEEP, [("db2=1/m*np.sum(dZ2,axis=1,keepdims=True)", "db2=1/m*np.sum(dZ2)")], {"bias_wrong_axis"}),
    (
        DEEP,
        [("db2=1/m*np.sum(dZ2,axis=1,keepdims=True)", "db2=1/m*np.sum(dZ2,axis=0,keepdims=True)")],
        {"bias_wrong_axis", "wrong_shape"},
    ),
    (DEEP, [("dZ3=A3-Y", "dZ3=Y-A3")], {"wrong_sign"}),
    (DEEP, [("dZ3=A3-Y", "dZ3=(A3-Y)*A3*(1-A3)")], {"derivative_extra"}),
    (DEEP, [("dZ3=A3-Y", "dZ3=A3")], {"target_left_out"}),
    (DEEP, [("dZ3=A3-Y", "dZ3=2*(A3-Y)")], {"factor_2", "other_loss"}),
    (DEEP, [("dZ1=W2.T@dZ2", "dZ1=W2.T@A2")], {"gradient_wrong", "wrong_chain"}),
    (DEEP, [('"dW3":dW3,"db3":db3', '"dW3":dW3')], {"missing_gradient"}),
    (DEEP, [("W3@A2+b3)\n    dZ3", "W3@A2)\n    dZ3")], {"gradient_wrong", "other_forward"}),
    (
        DEEP,
        [("    A2=np.tanh(Z2)\n    A3=sig", "    A2=sigmoid(Z2)\n    A3=sig")],
        {"derivative_wrong", "gradient_wrong", "other_forward"},
    ),
    (
        DEEP,
        [("    A1=np.tanh(Z1)\n    Z2", "    A1=Z1\n    Z2")],
        {"derivative_left_out", "derivative_wrong", "input_at_z", "other_forward"},
    ),
    (DEEP, [("-1/m*np.sum", "-np.sum")], {"extra_1_over_n"}),
    (DEEP, [("dZ3=A3-Y", "dZ3=(A3-Y)/m")], {"extra_1_over_n"}),
    (DEEP, [("dZ2=W3.T@dZ3*(1-A2**2)", "dZ2=W3.T@dZ3")], {"derivative_left_out"}),
    (DEEP, [("dZ2=W3.T@dZ3*(1-A2**2)", "dZ2=W3.T@dZ3*(1-A2**2)*(1-A2**2)")], {"derivative_extra"}),
    (SUMS, [("/Y.size", "/len(Y)")], {"constant_factor", "factor_2"}),
    (SUMS, [("2*(O-Y)", "(O-Y)")], {"factor_half"}),
    (SUMS, [("back*H*(1-H)", "back*Z*(1-Z)")], {"derivative_at_z"}),
    (SUMS, [("back*H*(1-H)", "back*(1-H*H)")], {"derivative_wrong"}),
    (SUMS, [("back*H*(1-H)", "back*H*1-H")], {"derivative_wrong", "gradient_wrong"}),
    (SUMS, [("2*(O-Y)", "2*np.abs(O-Y)")], {"gradient_wrong", "other_loss"}),
    (SUMS, [("2*(O-Y)", "2*np.sign(O-Y)")], {"other_loss"}),
    (SUMS, [("2*(O-Y)", "2*(O-Y)**2")], {"gradient_wrong", "other_loss"}),
    (SUMS, [("return [g0,g1,g2,g3]", "return [g2,g3,g0,g1]")], {"other_parameter", "wrong_shape"}),
    (SUMS, [("return [g0,g1,g2,g3]", "return [g0,g1,g2]")], {"missing_gradient"}),
    (SUMS, [("return [g0,g1,g2,g3]", "return [g0,g1,g2,g3[0]]")], {"bias_wrong_axis", "wrong_shape"}),
    (SUMS, [("g1=dz.sum(0)", "g1=dz.sum(1)")], {"bias_wrong_axis"}),
    (SUMS, [("g1=dz.sum(0)", "g1=dz.mean(0)")], {"extra_1_over_n"}),
    (SUMS, [("g1=dz.sum(0)", "g1=back.sum(0)")], {"derivative_left_out"}),
    (SUMS, [("g2=H.T.dot(err)", "g2=Z.T.dot(err)")], {"input_at_z"}),
    (SUMS, [("g2=H.T.dot(err)", "g2=H[-1:].T.dot(err[-1:])")], {"one_sample"}),
    (SUMS, [("g0=X.T.dot(dz)", "g0=X[:20].T.dot(dz[:20])")], {"gradient_wrong", "one_sample"}),
    (SUMS, [("    err=2", "    w[2]-=0.01\n    err=2")], {"changed_in_place"}),
    (
        SUMS,
        [("def gradients(w):", "def gradients(w):\n    w=params")],
        {"gradients_ignore_params", "not_reaching_loss"},
    ),
    (LOGISTIC, [("+2*alpha*w", "+alpha*w")], {"penalty_forgotten", "penalty_wrong_factor"}),
    (LOGISTIC, [("+2*alpha*w", "")], {"penalty_forgotten"}),
    (LOGISTIC, [("db=np.mean(p-y)", "db=np.sum(p-y)")], {"missing_1_over_n"}),
    (LOGISTIC, [("X.T@(p-y)/len(y)", "X.T@(p-y)/4")], {"constant_factor", "missing_1_over_n", "other_loss"}),
    (LOGISTIC, [("(p-y)/len(y)", "(y-p)/len(y)"), ("db=np.mean(p-y)", "db=np.mean(y-p)")], {"wrong_sign"}),
    (
        LOGISTIC,
        [("(p-y)/len(y)", "((p-y)*p*(1-p))/len(y)"), ("db=np.mean(p-y)", "db=np.mean((p-y)*p*(1-p))")],
        {"derivative_extra", "other_loss"},
    ),
    (LOGISTIC, [("db=np.mean(p-y)", "db=np.mean(p-y)+2*alpha*b")], {"penalty_on_biases"}),
    (OBJECT, [("*(self.z2>0)", "")], {"derivative_left_out"}),
    (OBJECT, [("*(self.z1>0)", "*(self.z2>0)")], {"derivative_wrong", "gradient_wrong", "wrong_chain"}),
    (OBJECT, [("*(self.z1>0)", "*self.a1")], {"derivative_at_a", "derivative_at_z", "derivative_wrong"}),
    (OBJECT, [("d2@self.W2.T", "d2@self.W2")], {"wrong_chain"}),
    (OBJECT, [("d2@self.W2.T", "d2@self.W1.T")], {"wrong_chain"}),
    (OBJECT, [("self.dW2=self.a1.T@d2", "self.dW2=d2.T@self.a1")], {"transposed"}),
    (OBJECT, [("self.dW2=self.a1.T@d2", "self.dW2=self.X.T@d2")], {"other_parameter"}),
    (OBJECT, [("self.dW1=self.X.T@d1", "self.dW1=self.X.T@d2")], {"other_parameter"}),
    (
        OBJECT,
        [("self.db2=d2.sum(axis=0,keepdims=True)", "self.db2=d1.sum(axis=0,keepdims=True) if 0 else self.db3+d2*0")],
        {"bias_wrong_axis", "gradient_wrong", "other_parameter", "wrong_shape"},
    ),
    (
        OBJECT,
        [("self.dW1=self.X.T@d1; self.db1", 'self.dW1=getattr(self,"dW1",0)+self.X.T@d1; self.db1')],
        {"accumulated"},
    ),
    (OBJECT, [("y=rng.normal(size=(18,1))", "y=rng.normal(size=18)")], {"broadcasting"}),
    (OBJECT, [("self.a2@self.W3+self.b3", "self.a1@self.W3+self.b3")], {"not_reaching_loss"}),
    (
        OBJECT,
        [
            (
                "    def backward(self):\n        self.forward(X)\n",
                "    def backward(self):\n        self.forward(X[::-1])\n",
            )
        ],
        {"gradient_wrong", "other_forward"},
    ),
]


def run(program: str, changes: list[tuple[str, str]], seed: int) -> dict[str, Any]:
    """The names of a program after it was run with some lines changed."""
    for old, new in changes:
        assert old in program, old
        program = program.replace(old, new)
    program = program.replace("SEED", str(seed))
    name = f"written_{zlib.crc32(program.encode())}.py"
    linecache.cache[name] = (len(program), None, program.splitlines(keepends=True), name)
    names: dict[str, Any] = {"__name__": "written"}
    exec(compile(program, name, "exec"), names)
    return names
