package io.lighterage.remotesnapshotter.apply;

import io.lighterage.linux.FileCalls;
import io.lighterage.linux.FileStatus;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.TarEntry;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Finds the directory an entry goes into, as a process chrooted into the tree would: symlinks on the way are
/// followed, absolute ones start at the root again, and `..` stops there.
///
/// The result is a canonical path, without symlinks. That is what later system calls use, and they let the kernel
/// check that it still is canonical.
final class ParentResolver {
    /// Symlinks followed on one path, as `MAXSYMLINKS` of old and containerd.
    private static final int MAX_LINKS = 255;

    /// Components looked at on one path: twice the deepest path there can be, and an entry cannot make us do more.
    private static final int MAX_STEPS = 4096;

    private static final byte[] ACL = EntryPath.ascii(Attributes.DEFAULT_ACL);

    private final TargetTree tree;
    private final FileCalls calls;
    private final DirectoryTable table;
    private final LowerLayers lowers;

    ParentResolver(TargetTree tree, DirectoryTable table, LowerLayers lowers) {
        this.tree = tree;
        this.calls = tree.calls;
        this.table = table;
        this.lowers = lowers;
    }

    /// What to do about a directory that is not there.
    enum Missing {
        /// Nothing: there is none.
        LEAVE,
        /// Overlay form: make it when a lower layer has it, or may have it, to hold a mark. It is not of this layer
        /// by that: what hides it hides the mark with it.
        MAKE_FOR_MARK,
        /// Make it, for an entry that goes into it.
        MAKE
    }

    /// @param path a cleaned path; symlinks in it are followed
    /// @param cause the entry that needs it; a directory that has to be made takes its time
    /// @return null when it does not exist and was not made
    /// @throws io.lighterage.contentstore.ImageException INVALID when something on the way is not a directory
    @Nullable
    Directory resolve(RawName path, TarEntry cause, EntryPath entry, Missing missing) {
        Directory known = table.get(path);
        return known != null ? known : walk(path, new Need(cause, entry, missing));
    }

    /// Who needs a directory, and how much.
    private record Need(TarEntry cause, EntryPath entry, Missing missing) {}

    private @Nullable Directory walk(RawName path, Need need) {
        Deque<byte[]> left = new ArrayDeque<>();
        push(left, path.toBytes());
        Directory at = table.root();
        int links = 0;
        int steps = 0;
        while (!left.isEmpty()) {
            byte[] name = left.pop();
            if (++steps > MAX_STEPS) {
                throw tree.refusal.malformed(need.entry(), "leads through more than " + MAX_STEPS + " path components");
            }
            if (isUp(name)) {
                at = at.parent == null ? at : at.parent;
                continue;
            }
            Step step = step(at, name, need);
            switch (step) {
                case Step.Into(Directory next) -> at = next;
                case Step.Link(RawName target) -> {
                    if (++links > MAX_LINKS) {
                        throw tree.refusal.malformed(
                                need.entry(), "leads through more than " + MAX_LINKS + " symlinks");
                    }
                    if (!target.isEmpty() && target.at(0) == '/') {
                        at = table.root();
                    }
                    push(left, target.toBytes());
                }
                case Step.Absent() -> {
                    return null;
                }
            }
        }
        return at;
    }

    /// What one component of a path turned out to be.
    private sealed interface Step {
        record Into(Directory next) implements Step {}

        record Link(RawName target) implements Step {}

        record Absent() implements Step {}
    }

    private Step step(Directory at, byte[] name, Need need) {
        byte[] full = at.child(name);
        Directory known = table.get(RawName.of(full));
        if (known != null) {
            return new Step.Into(known);
        }
        try (TargetTree.Open in = tree.open(at)) {
            FileStatus status = calls.statx(in.descriptor(), name);
            if (status == null) {
                return below(in, at, name, need);
            }
            if (lowers.isWhiteout(status)) {
                return need.missing() == Missing.MAKE ? overWhiteout(in, at, name, need) : new Step.Absent();
            }
            if (status.isSymlink()) {
                return new Step.Link(RawName.of(calls.readlinkat(in.descriptor(), name)));
            }
            if (!status.isDirectory()) {
                throw tree.refusal.malformed(
                        need.entry(), "needs a directory at '" + RawName.of(full) + "', which is none");
            }
            return new Step.Into(adopt(in, at, name, status));
        }
    }

    /// A component that this tree does not have: perhaps a lower layer does.
    private Step below(TargetTree.Open in, Directory at, byte[] name, Need need) {
        LowerLayers.Found found = lowers.find(at, name);
        if (found != null && found.status().isSymlink()) {
            return new Step.Link(RawName.of(lowers.readLink(found)));
        }
        boolean nothingToHide = need.missing() == Missing.MAKE_FOR_MARK && found == null && lowers.isKnown();
        if (need.missing() == Missing.LEAVE || nothingToHide) {
            return new Step.Absent();
        }
        tree.refusal.check(calls.mkdirat(in.descriptor(), name, 0700), "create directory", RawName.of(at.child(name)));
        return new Step.Into(fresh(in, at, name, found, need));
    }

    /// This layer hides the name and then goes on to fill it: nothing of the lower layers shows in it.
    private Step overWhiteout(TargetTree.Open in, Directory at, byte[] name, Need need) {
        Object full = RawName.of(at.child(name));
        tree.refusal.check(calls.unlinkat(in.descriptor(), name, 0), "remove", full);
        tree.refusal.check(calls.mkdirat(in.descriptor(), name, 0700), "create directory", full);
        Directory made = fresh(in, at, name, null, need);
        lowers.markOpaque(in.descriptor(), name, made);
        return new Step.Into(made);
    }

    private Directory fresh(
            TargetTree.Open in, Directory at, byte[] name, LowerLayers.@Nullable Found found, Need need) {
        Directory made = table.add(at, name);
        made.defaultAcl = at.defaultAcl;
        made.touched = true;
        at.touched = true;
        if (need.missing() == Missing.MAKE) {
            at.noteCreated(name);
        }
        if (found != null && found.status().isDirectory()) {
            lowers.copyAttributes(found, in.descriptor(), name);
            made.remember(found.status());
            tree.setMode(in.descriptor(), name, made, made.mode);
        } else {
            tree.setMode(in.descriptor(), name, made, 0755);
            FileStatus status = calls.statx(in.descriptor(), name);
            made.gid = status == null ? -1 : status.gid();
            // Not the clock: the same layer gives the same tree.
            made.modifySeconds = need.cause().modifySeconds();
            made.modifyNanos = need.cause().modifyNanos();
        }
        return made;
    }

    /// Takes note of a directory that was there before this layer came.
    private Directory adopt(TargetTree.Open in, Directory at, byte[] name, FileStatus status) {
        Directory adopted = table.add(at, name);
        adopted.remember(status);
        adopted.defaultAcl = hasDefaultAcl(in.descriptor(), name);
        if (!tree.privileged && (adopted.mode & 0700) != 0700) {
            tree.setMode(in.descriptor(), name, adopted, adopted.mode);
        }
        return adopted;
    }

    /// Looks at the root of the tree.
    void adoptRoot() {
        Directory root = table.root();
        try (TargetTree.Open in = tree.open(root)) {
            FileStatus status = calls.statx(in.descriptor(), new byte[0]);
            if (status == null) {
                throw new IllegalStateException("the open root of the tree has no status");
            }
            root.remember(status);
            root.defaultAcl = hasDefaultAcl(in.descriptor(), root.base());
        }
    }

    private boolean hasDefaultAcl(int directory, byte[] name) {
        return calls.getxattrat(directory, name, ACL) != null;
    }

    private static boolean isUp(byte[] name) {
        return name.length == 2 && name[0] == '.' && name[1] == '.';
    }

    /// Puts the components of a path before those that are left.
    private static void push(Deque<byte[]> left, byte[] path) {
        int end = path.length;
        while (end > 0) {
            int start = end;
            while (start > 0 && path[start - 1] != '/') {
                start--;
            }
            boolean nothing = start == end || (end - start == 1 && path[start] == '.');
            if (!nothing) {
                left.push(Arrays.copyOfRange(path, start, end));
            }
            end = start - 1;
        }
    }
}
