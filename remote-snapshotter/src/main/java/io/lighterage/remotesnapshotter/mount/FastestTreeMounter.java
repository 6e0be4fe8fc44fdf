package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Credentials;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// Mounts as EROFS where that can be done, which is found by doing it, and over FUSE elsewhere.
///
/// @param erofs the fast way
/// @param fuse the way that nearly every machine has
public record FastestTreeMounter(ErofsTreeMounter erofs, FuseTreeMounter fuse) implements TreeMounter {
    private static final System.Logger LOG = System.getLogger(FastestTreeMounter.class.getName());

    @Override
    public void prepare() {
        if (Credentials.effectiveUid() == 0) {
            erofs.prepare();
        } else {
            fuse.prepare();
        }
    }

    @Override
    public Set<String> inherited() {
        return erofs.inherited();
    }

    @Override
    public Inheritance inherit(List<TreeLayer> layers) {
        return erofs.inherit(layers);
    }

    @Override
    public void goOn() {
        erofs.goOn();
    }

    @Override
    public void leave() {
        erofs.leave();
    }

    @Override
    public MountedTree mount(ImageTree tree, Path directory, MountOptions options) {
        try {
            return erofs.mount(tree, directory, options);
        } catch (ImageException e) {
            if (isAboutTheDirectory(e.kind())) {
                throw e;
            }
            LOG.log(System.Logger.Level.DEBUG, () -> "mounting over FUSE: " + e.getMessage());
            return fuse.mount(tree, directory, options, "FUSE, as " + e.getMessage());
        }
    }

    /// What FUSE would refuse, too.
    private static boolean isAboutTheDirectory(ErrorKind kind) {
        return kind == ErrorKind.NOT_FOUND || kind == ErrorKind.PRECONDITION || kind == ErrorKind.CANCELLED;
    }
}
