// @dot-i/k8s-operator require()s client-node. Loading the ES module first keeps jest from
// reporting a "require() ES Module in a cycle" that Node itself does not have.
import '@kubernetes/client-node';
