package io.lighterage.stargz.compress;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.isal.IsalInflater;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// The inflaters at hand.
///
/// ISA-L goes first because it was measured at about twice the JDK's speed on layers of Debian packages; it needs
/// Debian's `libisal2` or its like and is never required.
public final class GzipEngines {
    /// System property that picks an engine by name, `isal` or `jdk`, where nobody else does.
    public static final String PROPERTY = "lighterage.inflate";

    private GzipEngines() {}

    /// A new engine: the one that [#PROPERTY] names, else the fastest this machine has.
    ///
    /// @throws ImageException UNSUPPORTED when the property names an engine this machine does not have
    public static GzipEngine preferred() {
        String wanted = System.getProperty(PROPERTY);
        if (wanted != null) {
            return named(wanted);
        }
        Optional<GzipEngine> isal = isal();
        return isal.isPresent() ? isal.get() : new JdkEngine();
    }

    /// A new engine called `name`.
    ///
    /// @throws ImageException UNSUPPORTED when this machine does not have it
    public static GzipEngine named(String name) {
        Optional<GzipEngine> found = switch (name) {
            case IsalEngine.NAME -> isal();
            case JdkEngine.NAME -> Optional.of(new JdkEngine());
            default -> Optional.empty();
        };
        return found.orElseThrow(() -> new ImageException(
                ErrorKind.UNSUPPORTED,
                "the gzip engine '" + name + "' is not available here; expected 'jdk', or 'isal' where libisal2 is"
                        + " installed. Leave out " + PROPERTY + " to use what there is"));
    }

    /// Makers of every engine this machine has, the fastest first.
    public static List<Supplier<GzipEngine>> all() {
        Supplier<GzipEngine> jdk = JdkEngine::new;
        Optional<GzipEngine> isal = isal();
        isal.ifPresent(GzipEngine::close);
        return isal.isPresent() ? List.of(() -> named(IsalEngine.NAME), jdk) : List.of(jdk);
    }

    private static Optional<GzipEngine> isal() {
        return IsalInflater.open().map(IsalEngine::new);
    }
}
