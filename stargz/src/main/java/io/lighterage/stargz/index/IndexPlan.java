package io.lighterage.stargz.index;

import java.util.Arrays;

/// Which nodes of a finished tree become inodes and entries of the index, and in which order; see [IndexFormat].
final class IndexPlan {
    /// Nodes that have inodes, by inode number; the first [#files] behind the root are the files.
    final int[] nodeOf;

    /// Inode numbers by node, for nodes that have an inode.
    final int[] numberOf;

    /// Link counts and one parent, as a node, by node that has the inode.
    final int[] links;

    final int[] parentOf;

    /// Live children in the order of their names: of directory `d` those at `childrenFrom[d]` until `childrenFrom[d +
    /// 1]`.
    final int[] children;

    final int[] childrenFrom;

    final int files;
    final int directories;
    final int inodes;

    private final IndexTree tree;
    private final ChunkRecords chunks;
    private final int count;
    private final boolean[] live;

    IndexPlan(IndexTree tree, ChunkRecords chunks) {
        this.tree = tree;
        this.chunks = chunks;
        count = tree.nodes.count();
        live = new boolean[count];
        links = new int[count];
        parentOf = new int[count];
        numberOf = new int[count];
        childrenFrom = new int[count + 1];
        markLive();
        markWhiteouts();
        int living = countLinks();
        children = new int[living];
        sortChildren();
        nodeOf = new int[living + 1];
        files = numberFiles();
        directories = numberDirectories();
        inodes = numberOthers();
    }

    private int parent(int node) {
        return tree.nodes.getInt(node, IndexTree.PARENT);
    }

    private int inode(int node) {
        return tree.nodes.getInt(node, IndexTree.INODE);
    }

    private boolean isDirectory(int node) {
        return tree.is(node, LayerIndex.Kind.DIRECTORY);
    }

    private void markLive() {
        live[0] = true;
        for (int node = 1; node < count; node++) {
            live[node] = !tree.isGone(node) && live[parent(node)];
        }
    }

    /// What the layer brings itself is not hidden by its whiteouts, only what the layers below have in the same place;
    /// so a whiteout beside a real name goes, and a directory of that name is opaque. A directory that only holds
    /// marks is none the layer brings.
    private void markWhiteouts() {
        boolean[] real = new boolean[count];
        real[0] = true;
        for (int node = count - 1; node > 0; node--) {
            boolean implied = isDirectory(node) && tree.has(node, IndexFormat.FLAG_IMPLIED);
            real[node] |= live[node] && !implied && !tree.is(node, LayerIndex.Kind.WHITEOUT);
            real[parent(node)] |= real[node];
            tree.clear(node, IndexFormat.FLAG_MARKS_ONLY);
            if (implied && !real[node]) {
                tree.set(node, IndexFormat.FLAG_MARKS_ONLY);
            }
        }
        for (int node = 1; node < count; node++) {
            live[node] &= live[parent(node)];
            if (live[node] && tree.is(node, LayerIndex.Kind.WHITEOUT)) {
                live[node] = hidesOnly(node, real);
            }
        }
        // a directory may have been given up after what is in it was looked at
        for (int node = 1; node < count; node++) {
            live[node] &= live[parent(node)];
        }
    }

    /// @return whether nothing of the layer has the name that the whiteout hides
    private boolean hidesOnly(int whiteout, boolean[] real) {
        byte[] name = tree.visibleName(whiteout);
        int there = tree.find(parent(whiteout), name, 0, name.length);
        if (there == IndexTree.NONE) {
            return true;
        }
        if (!real[there]) {
            live[there] = false;
            return true;
        }
        if (isDirectory(there)) {
            tree.set(there, IndexFormat.FLAG_OPAQUE);
        }
        return false;
    }

    /// @return the number of live names
    private int countLinks() {
        Arrays.fill(parentOf, IndexTree.NONE);
        parentOf[0] = 0;
        links[0] = 2;
        int living = 0;
        for (int node = 1; node < count; node++) {
            if (live[node]) {
                living++;
                childrenFrom[parent(node) + 1]++;
                int inode = inode(node);
                links[inode] += isDirectory(node) ? 2 : 1;
                links[parent(node)] += isDirectory(node) ? 1 : 0;
                if (parentOf[inode] == IndexTree.NONE) {
                    parentOf[inode] = parent(node);
                }
            }
        }
        return living;
    }

    private void sortChildren() {
        for (int node = 0; node < count; node++) {
            childrenFrom[node + 1] += childrenFrom[node];
        }
        int[] next = Arrays.copyOf(childrenFrom, count);
        for (int node = 1; node < count; node++) {
            if (live[node]) {
                children[next[parent(node)]++] = node;
            }
        }
        for (int node = 0; node < count; node++) {
            IntSort.sort(children, childrenFrom[node], childrenFrom[node + 1], tree::compare);
        }
    }

    private int numberFiles() {
        Arrays.fill(numberOf, IndexTree.NONE);
        int at = 1;
        for (int node = 1; node < count; node++) {
            boolean file = links[node] > 0 && tree.is(node, LayerIndex.Kind.REGULAR);
            if (file && tree.nodes.getLong(node, IndexTree.SIZE) > 0) {
                nodeOf[at++] = node;
            }
        }
        IntSort.sort(nodeOf, 1, at, this::compareFiles);
        for (int number = 1; number < at; number++) {
            numberOf[nodeOf[number]] = number;
        }
        return at - 1;
    }

    /// By place in the blob, then as they came.
    private int compareFiles(int a, int b) {
        int first = tree.nodes.getInt(a, IndexTree.FIRST_CHUNK);
        int second = tree.nodes.getInt(b, IndexTree.FIRST_CHUNK);
        int order = Long.compare(blobOffset(first), blobOffset(second));
        if (order == 0) {
            order = Long.compare(chunks.innerOffset(first), chunks.innerOffset(second));
        }
        return order != 0 ? order : Integer.compare(first, second);
    }

    private long blobOffset(int chunk) {
        return IndexFormat.upper40(chunks.blobWord(chunk));
    }

    /// Level by level, so that parents come first.
    private int numberDirectories() {
        numberOf[0] = 0;
        int next = files + 1;
        int at = 0;
        while (at < next) {
            int node = nodeOf[at];
            for (int i = childrenFrom[node]; i < childrenFrom[node + 1]; i++) {
                if (isDirectory(children[i])) {
                    numberOf[children[i]] = next;
                    nodeOf[next++] = children[i];
                }
            }
            at = at == 0 ? files + 1 : at + 1;
        }
        return next - files;
    }

    private int numberOthers() {
        int next = files + directories;
        for (int directory = 0; directory < directories; directory++) {
            int node = nodeOf[directoryNumber(directory)];
            for (int i = childrenFrom[node]; i < childrenFrom[node + 1]; i++) {
                int inode = inode(children[i]);
                if (numberOf[inode] == IndexTree.NONE) {
                    numberOf[inode] = next;
                    nodeOf[next++] = inode;
                }
            }
        }
        return next;
    }

    /// The inode number of the n-th directory, 0 being the root.
    int directoryNumber(int directory) {
        return directory == 0 ? 0 : files + directory;
    }
}
