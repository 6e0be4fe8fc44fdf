package io.lighterage.remotesnapshotter.mount;

import io.lighterage.remotesnapshotter.mount.MergedDirectories.Merged;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndex.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/// Finds out what layers mean together: which directories several of them have a part in and which names are hidden.
///
/// Only directories that at least two layers have are looked into, and only what is hidden is walked through, so an
/// image of 100,000 files takes about as long as its layers have in common. The rules are those of `apply` in merged
/// form, one by one:
///
/// - a whiteout, or anything that is no directory, hides what lower layers have by that name;
/// - an opaque directory hides what they have in it;
/// - a directory looks as the topmost layer with an entry for it says; where no layer has an entry, as the lowest made
/// it;
/// - what a layer has in a directory that it has no entry for goes where a symlink of the lower layers leads;
/// - a directory that a layer has only to hold whiteouts is nothing where there is nothing below.
final class LayerMerge {
    private final List<LayerIndex> layers;
    private final MergedDirectories merged = new MergedDirectories();
    private final Deque<Merged> pending = new ArrayDeque<>();
    private final Deque<Detour> detours = new ArrayDeque<>();

    private LayerMerge(List<LayerIndex> layers) {
        this.layers = layers;
    }

    /// Parts of a directory that turned out to be a symlink below.
    private record Detour(List<Long> parts, long symlink) {}

    /// @param layers base first, at least one
    static MergedDirectories of(List<LayerIndex> layers) {
        LayerMerge merge = new LayerMerge(layers);
        merge.root();
        merge.walkPending();
        merge.takeDetours();
        return merge.merged;
    }

    private void root() {
        Sight root = new Sight();
        for (int layer = layers.size() - 1; layer >= 0; layer--) {
            root.see(Node.of(layer, LayerIndex.ROOT));
        }
        pending.add(merged.add(root.parts(), root.face()));
    }

    private void walkPending() {
        for (Merged directory = pending.poll(); directory != null; directory = pending.poll()) {
            walk(directory);
        }
    }

    private void walk(Merged directory) {
        PartNames names = new PartNames(layers, directory.parts);
        directory.directories = 0;
        while (names.next() != null) {
            Sight sight = new Sight();
            for (int part = 0; part < directory.parts.length; part++) {
                if (names.has(part)) {
                    sight.see(names.node(part));
                }
            }
            if (sight.finish()) {
                directory.directories++;
            }
        }
    }

    /// What is seen by one name, looking from the topmost layer down.
    private final class Sight {
        private final List<Long> directories = new ArrayList<>();
        private boolean hidden;
        private boolean entryFound;
        private boolean faceClosed;
        private long face = ImageTree.NONE;
        private boolean onlyMarks = true;
        private boolean onlyImplied = true;

        void see(long node) {
            Kind kind = index(node).kind(Node.inode(node));
            if (kind == Kind.DIRECTORY) {
                seeDirectory(node);
                return;
            }
            faceClosed = true;
            if (hidden) {
                hide(node);
            } else if (kind != Kind.WHITEOUT) {
                seeFile(node, kind);
            }
            hidden = true;
        }

        private void seeDirectory(long node) {
            LayerIndex index = index(node);
            int inode = Node.inode(node);
            if (!faceClosed && !entryFound && !index.marksOnly(inode)) {
                face = node;
                entryFound = !index.implied(inode);
            }
            if (hidden) {
                hide(node);
                return;
            }
            directories.add(node);
            onlyMarks &= index.marksOnly(inode);
            onlyImplied &= index.implied(inode);
            if (index.opaque(inode)) {
                hidden = true;
            }
        }

        private void seeFile(long node, Kind kind) {
            if (kind == Kind.SYMLINK && !directories.isEmpty() && onlyImplied) {
                detours.add(new Detour(List.copyOf(directories), node));
                dropDirectories();
            } else if (!directories.isEmpty() && onlyMarks) {
                dropDirectories();
            } else if (!directories.isEmpty()) {
                hide(node);
            }
        }

        private void dropDirectories() {
            directories.forEach(merged::putNowhere);
            directories.clear();
        }

        /// @return whether a directory is seen
        boolean finish() {
            if (!directories.isEmpty() && onlyMarks && face == ImageTree.NONE) {
                dropDirectories();
            }
            if (directories.isEmpty()) {
                return false;
            }
            if (directories.size() > 1 || face() != directories.getFirst()) {
                pending.add(merged.add(parts(), face()));
            }
            return true;
        }

        long[] parts() {
            return directories.stream().mapToLong(Long::longValue).toArray();
        }

        long face() {
            return face == ImageTree.NONE ? directories.getLast() : face;
        }
    }

    private void hide(long node) {
        Deque<Long> hidden = new ArrayDeque<>();
        hidden.push(node);
        while (!hidden.isEmpty()) {
            long next = hidden.pop();
            LayerIndex index = index(next);
            int inode = Node.inode(next);
            if (index.kind(inode) == Kind.DIRECTORY) {
                for (int child = 0; child < index.childCount(inode); child++) {
                    hidden.push(Node.of(Node.layer(next), index.childInode(inode, child)));
                }
            } else if (index.linkCount(inode) > 1) {
                merged.hideName(next);
            }
        }
    }

    private void takeDetours() {
        // A part moved to where a symlink leads may hold further ones, but every detour is taken once and a layer's
        // directory is on one way only, so this ends.
        for (Detour detour = detours.poll(); detour != null; detour = detours.poll()) {
            take(detour);
            walkPending();
        }
    }

    private void take(Detour detour) {
        ImageTree tree = new ImageTree(layers, merged);
        LayerIndex index = index(detour.symlink());
        int symlink = Node.inode(detour.symlink());
        long there = tree.follow(index.path(symlink), index.target(symlink));
        if (there == ImageTree.NONE || !tree.isDirectory(there)) {
            return; // Leads nowhere: there is no place where its bytes could be seen.
        }
        Merged before = merged.of(there);
        long[] parts = joined(detour.parts(), before == null ? new long[] {there} : before.parts);
        Merged joined = merged.add(parts, before == null ? there : before.face);
        pending.add(joined);
    }

    /// The parts of both by layer, topmost first, as far down as they can be seen.
    private long[] joined(List<Long> moved, long[] there) {
        List<Long> all = new ArrayList<>();
        Arrays.stream(there).forEach(all::add);
        all.addAll(moved);
        all.sort((a, b) -> Integer.compare(Node.layer(b), Node.layer(a))); // stable
        int end = 0;
        while (end < all.size()) {
            long part = all.get(end++);
            if (index(part).opaque(Node.inode(part))) {
                break;
            }
        }
        return all.subList(0, end).stream().mapToLong(Long::longValue).toArray();
    }

    private LayerIndex index(long node) {
        return layers.get(Node.layer(node));
    }
}
