package io.lighterage.remotesnapshotter.mount;

/// Nodes of a tree: the number of a layer (base 0) and of an inode in it, in one long.
final class Node {
    private Node() {}

    static long of(int layer, int inode) {
        return (long) layer << 32 | inode;
    }

    static int layer(long node) {
        return (int) (node >>> 32);
    }

    static int inode(long node) {
        return (int) node;
    }
}
