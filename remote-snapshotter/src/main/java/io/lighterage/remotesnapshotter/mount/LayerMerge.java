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
/// - a directory looks as the topmost layer with an entry for it says; where none has one, as the lowest made it;
/// - a directory without an entry in any layer has the group of the one it is in, if that was set-gid;
/// - what a layer has in a directory that it has no entry for goes where a symlink of the lower layers leads;
/// - a directory that a layer has only to hold whiteouts is nothing where there is nothing below.
final class LayerMerge {
    private static final int SET_GID = 02000;

    private final List<LayerIndex> layers;
    private final MergedDirectories merged;
    private final Deque<Work> pending = new ArrayDeque<>();
    private final Deque<Detour> detours = new ArrayDeque<>();

    private LayerMerge(List<LayerIndex> layers, LinksBelow links) {
        this.layers = layers;
        merged = new MergedDirectories(links);
    }

    /// A directory to look into.
    ///
    /// @param shadow what lower layers have in it, hidden by its lowest part. Nothing of that is seen; but a
    ///     directory that this part only works in, and did before it hid anything, still looks as it did there
    private record Work(Merged directory, List<Shade> shadow) {}

    /// A part that is hidden and yet may say how a directory looks.
    ///
    /// @param hides whether its layer hid what was below in the directory it is in. So it hid what was below here,
    ///     too, and only what it went through before is still as it was
    private record Shade(long part, boolean hides) {}

    /// Parts of a directory that turned out to be a symlink below.
    private record Detour(List<Long> parts, long symlink) {}

    /// @param layers base first, at least one
    static MergedDirectories of(List<LayerIndex> layers) {
        return of(layers, LinksBelow.of(layers));
    }

    /// @param links those of these layers
    static MergedDirectories of(List<LayerIndex> layers, LinksBelow links) {
        LayerMerge merge = new LayerMerge(layers, links);
        merge.root();
        merge.walkPending();
        merge.takeDetours();
        return merge.merged;
    }

    private void root() {
        Sight root = new Sight();
        for (int layer = layers.size() - 1; layer >= 0; layer--) {
            root.see(Node.of(layer, LayerIndex.ROOT), false);
        }
        pending.add(new Work(merged.add(root.parts(), root.face()), root.shadow));
    }

    private void walkPending() {
        for (Work work = pending.poll(); work != null; work = pending.poll()) {
            walk(work.directory(), work.shadow());
        }
    }

    private void walk(Merged directory, List<Shade> shadow) {
        int visible = directory.parts.length;
        long[] all = Arrays.copyOf(directory.parts, visible + shadow.size());
        boolean[] hides = new boolean[all.length];
        hides[visible - 1] = true; // or there is nothing below it
        for (int i = 0; i < shadow.size(); i++) {
            Shade shade = shadow.get(i);
            all[visible + i] = shade.part();
            hides[visible + i] = shade.hides() || isOpaque(shade.part());
        }
        PartNames names = new PartNames(layers, all);
        directory.directories = 0;
        while (names.next() != null) {
            Sight sight = new Sight();
            for (int part = 0; part < visible; part++) {
                if (names.has(part)) {
                    sight.see(names.node(part), hides[part]);
                }
            }
            sight.endVisible();
            boolean through = goesThrough(names, visible - 1);
            for (int part = visible; part < all.length && through; part++) {
                if (names.has(part)) {
                    sight.seeShadow(names.node(part), hides[part]);
                }
                through = !hides[part] || goesThrough(names, part);
            }
            if (sight.finish()) {
                directory.directories++;
                takeGroup(sight.face(), all);
            }
        }
    }

    /// A directory that was made in one of lower layers has the group of that one, if it is set-gid there.
    ///
    /// @param around parts of the directory it is in, those that only give it its looks included, topmost first
    private void takeGroup(long face, long[] around) {
        if (!index(face).groupFromBelow(Node.inode(face))) {
            return;
        }
        for (long part : around) {
            LayerIndex index = index(part);
            int inode = Node.inode(part);
            if (Node.layer(part) < Node.layer(face) && !index.implied(inode)) {
                if ((index.mode(inode) & SET_GID) != 0) {
                    merged.setGroup(face, index.gid(inode));
                }
                return;
            }
        }
    }

    /// Whether what a name looks like below an opaque part matters: the part has a directory by that name, in which
    /// there
    /// may be one that it only works in.
    private boolean goesThrough(PartNames names, int part) {
        if (!names.has(part)) {
            return false;
        }
        long node = names.node(part);
        LayerIndex index = index(node);
        return index.kind(Node.inode(node)) == Kind.DIRECTORY && !index.marksOnly(Node.inode(node));
    }

    private boolean isOpaque(long directory) {
        return index(directory).opaque(Node.inode(directory));
    }

    /// What is seen by one name, looking from the topmost layer down.
    private final class Sight {
        private final List<Long> directories = new ArrayList<>();
        private final List<Shade> shadow = new ArrayList<>();
        private boolean hidden;
        private boolean entryFound;
        private boolean faceClosed;
        private long face = ImageTree.NONE;
        private boolean onlyMarks = true;
        private boolean onlyImplied = true;

        /// @param around whether its layer hid what was below in the directory it is in
        void see(long node, boolean around) {
            Kind kind = index(node).kind(Node.inode(node));
            if (kind == Kind.DIRECTORY) {
                seeDirectory(node, around);
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

        private void seeDirectory(long node, boolean around) {
            lookAt(node, around);
            if (hidden) {
                hide(node);
                return;
            }
            LayerIndex index = index(node);
            int inode = Node.inode(node);
            directories.add(node);
            onlyMarks &= index.marksOnly(inode);
            onlyImplied &= index.implied(inode);
            if (index.opaque(inode)) {
                hidden = true;
            }
        }

        /// Of what is hidden, and counted as such, only the looks.
        void seeShadow(long node, boolean around) {
            if (index(node).kind(Node.inode(node)) == Kind.DIRECTORY) {
                hidden = true;
                lookAt(node, around);
            } else {
                faceClosed = true;
            }
        }

        private void lookAt(long node, boolean around) {
            LayerIndex index = index(node);
            int inode = Node.inode(node);
            if (!faceClosed && !entryFound && !index.marksOnly(inode)) {
                face = node;
                entryFound = !index.implied(inode);
            }
            if (hidden && !faceClosed) {
                shadow.add(new Shade(node, around));
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

        /// A directory that only holds marks is nothing, unless there is one below that can be seen.
        void endVisible() {
            if (!directories.isEmpty() && onlyMarks && face == ImageTree.NONE) {
                dropDirectories();
            }
        }

        /// @return whether a directory is seen
        boolean finish() {
            if (directories.isEmpty()) {
                return false;
            }
            if (directories.size() > 1 || face() != directories.getFirst() || !shadow.isEmpty()) {
                pending.add(new Work(merged.add(parts(), face()), shadow));
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
            } else if (index.kind(inode) == Kind.LINK_BELOW) {
                merged.hideName(merged.links.file(next));
            } else if (index.linkCount(inode) > 1 || merged.links.names(next) > 0) {
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
        pending.add(new Work(joined, List.of()));
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
