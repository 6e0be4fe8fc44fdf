package io.lighterage.runtime.remote;

import io.lighterage.contentstore.ImageException;
import io.lighterage.remotesnapshotter.mount.MountTrial;
import io.lighterage.remotesnapshotter.mount.TreeMounter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Whether this machine can mount at all. A layer that is taken is mounted only when somebody looks, and then it is too
/// late to have it unpacked instead; so this is found out before. Thread-safe.
final class MountAbility implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(MountAbility.class.getName());

    private final TreeMounter mounter;
    private final Path place;
    private final Duration again;
    private Pending<Boolean> trial;
    private @Nullable String refusal;

    /// Begins to find out.
    ///
    /// @param place for the trial; see [MountTrial]
    /// @param again after what time a failure is looked into again, as somebody may have mended the machine
    MountAbility(TreeMounter mounter, Path place, Duration again) {
        this.mounter = mounter;
        this.place = place;
        this.again = again;
        this.trial = begin();
    }

    private Pending<Boolean> begin() {
        return new Pending<>("trying to mount", () -> {
            mounter.prepare();
            try {
                MountTrial.run(mounter, place);
            } catch (ImageException e) {
                LOG.log(System.Logger.Level.WARNING, "images are left to be unpacked, as none could be mounted: " + e);
                throw e;
            }
            return true;
        });
    }

    /// Why nothing can be mounted; empty when it can, and while that is not known. Never waits.
    synchronized Optional<String> refusal() {
        if (trial.now().isPresent()) {
            refusal = null;
        } else if (trial.failed()) {
            refusal = reason();
            if (trial.age() > again.toNanos()) {
                trial = begin();
            }
        }
        return Optional.ofNullable(refusal);
    }

    private String reason() {
        try {
            return String.valueOf(trial.await(Duration.ZERO));
        } catch (ImageException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Override
    public synchronized void close() {
        trial.end(ignored -> {});
    }
}
