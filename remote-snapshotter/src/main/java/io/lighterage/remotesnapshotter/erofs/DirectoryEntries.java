package io.lighterage.remotesnapshotter.erofs;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import org.jspecify.annotations.Nullable;

/// The names of one directory in the order in which EROFS searches them, `.` and `..` where their bytes put
/// them.
///
/// Checks what the search relies on, so that no tree makes an image in which names are not found.
final class DirectoryEntries implements ErofsTree.Visitor {
    private static final RawName SELF = RawName.of(".");
    private static final RawName ABOVE = RawName.of("..");

    private final ErofsTree tree;
    private final int directory;
    private final int parent;
    private final ErofsTree.Visitor visitor;
    private int dots;
    private @Nullable RawName last;

    private DirectoryEntries(ErofsTree tree, int directory, int parent, ErofsTree.Visitor visitor) {
        this.tree = tree;
        this.directory = directory;
        this.parent = parent;
        this.visitor = visitor;
    }

    /// @throws ImageException INVALID for a name that no file can have or that is out of order
    static void list(ErofsTree tree, int directory, int parent, ErofsTree.Visitor visitor) {
        DirectoryEntries entries = new DirectoryEntries(tree, directory, parent, visitor);
        tree.list(directory, entries);
        entries.dotsBefore(null);
    }

    @Override
    public void visit(RawName name, int inode) {
        if (name.isEmpty() || name.length() > ErofsFormat.MAX_NAME || holdsReserved(name)) {
            throw invalid("a name of " + name.length() + " bytes, '" + name + "', which no file can have");
        }
        if (last != null && last.compareTo(name) >= 0) {
            throw invalid("'" + name + "' behind '" + last + "'; expected ascending order");
        }
        if (inode < 0 || inode >= tree.inodes() || inode == tree.root()) {
            throw invalid("'" + name + "' for inode " + inode + ", which cannot be there");
        }
        last = name;
        dotsBefore(name);
        visitor.visit(name, inode);
    }

    private void dotsBefore(@Nullable RawName name) {
        if (dots == 0 && (name == null || SELF.compareTo(name) < 0)) {
            visitor.visit(SELF, directory);
            dots++;
        }
        if (dots == 1 && (name == null || ABOVE.compareTo(name) < 0)) {
            visitor.visit(ABOVE, parent);
            dots++;
        }
    }

    private static boolean holdsReserved(RawName name) {
        for (int i = 0; i < name.length(); i++) {
            if (name.at(i) == 0 || name.at(i) == '/') {
                return true;
            }
        }
        return name.equals(SELF) || name.equals(ABOVE);
    }

    private ImageException invalid(String fault) {
        return new ImageException(
                ErrorKind.INVALID, "cannot make an EROFS image: directory '" + tree.path(directory) + "' has " + fault);
    }
}
