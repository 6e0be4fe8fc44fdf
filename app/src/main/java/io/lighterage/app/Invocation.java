package io.lighterage.app;

import io.lighterage.app.progress.CheckDisplay;
import io.lighterage.app.progress.ProgressChoice;
import io.lighterage.app.progress.ProgressDisplay;
import io.lighterage.app.progress.ProgressStyle;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Platform;
import io.lighterage.resolver.PlatformMatcher;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.RuntimeConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One command line while it runs: its flags, where it writes, and what it is made of.
///
/// @param options the flags, filled in before a verb runs
/// @param arguments the words it was given, for a verb that starts the command again
/// @param out results
/// @param err everything else
/// @param environment environment variables
public record Invocation(
        GlobalOptions options,
        List<String> arguments,
        PrintStream out,
        PrintStream err,
        Map<String, String> environment) {
    public Invocation {
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
    }

    Invocation(List<String> arguments, PrintStream out, PrintStream err, Map<String, String> environment) {
        this(new GlobalOptions(), arguments, out, err, environment);
    }

    /// The store and everything around it, as the flags say.
    public ImageRuntime openRuntime() {
        WarmUp.await();
        return ImageRuntime.open(new RuntimeConfig(root(), options.namespace, resolverConfig()));
    }

    /// How registries are reached, as the flags say.
    public ResolverConfig resolverConfig() {
        ResolverConfig defaults = ResolverConfig.defaults();
        return new ResolverConfig(
                Optional.ofNullable(options.authfile),
                Optional.ofNullable(options.credentials),
                or(options.tlsVerify, defaults.tlsVerify()),
                Optional.ofNullable(options.certDirectory),
                or(options.plainHttp, defaults.plainHttp()),
                or(options.concurrency, defaults.concurrency()),
                defaults.timeout(),
                defaults.retries(),
                environment);
    }

    private static <T> T or(@Nullable T given, T fallback) {
        return given == null ? fallback : given;
    }

    /// Shows progress as the flags say.
    ///
    /// @param reference the image as the user named it
    /// @param operation `pull` or `unpack`
    public ProgressDisplay progress(String reference, String operation) {
        ProgressStyle style = options.quiet ? ProgressStyle.NONE : options.progress;
        return ProgressChoice.display(style, err, environment, reference, operation);
    }

    /// Shows how a check advances, where somebody looks.
    public CheckDisplay checkProgress() {
        boolean wanted = !options.quiet && options.progress == ProgressStyle.AUTO;
        return new CheckDisplay(wanted && ProgressChoice.canRedraw(environment) ? err : null);
    }

    /// The platform asked for.
    public Optional<Platform> platform() {
        return Optional.ofNullable(options.platform).map(PlatformMatcher::parse);
    }

    /// Whether results are wanted as JSON.
    public boolean json() {
        return options.format == OutputFormat.JSON;
    }

    /// The store's directory: `--root`, or the usual place.
    public Path root() {
        Path chosen = options.root;
        return chosen == null ? usualRoot() : chosen.toAbsolutePath().normalize();
    }

    /// The store's directory where nobody names one.
    public Path usualRoot() {
        if (isRoot()) {
            return Path.of("/var/lib/lighterage");
        }
        String data = environment.getOrDefault("XDG_DATA_HOME", "");
        if (data.startsWith("/")) { // the XDG specification has relative paths ignored
            return Path.of(data, "lighterage");
        }
        String home = environment.getOrDefault("HOME", "");
        if (home.isEmpty()) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot tell where to keep images: neither HOME nor XDG_DATA_HOME is set; give --root DIR");
        }
        return Path.of(home, ".local", "share", "lighterage");
    }

    private static boolean isRoot() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        } catch (IOException e) {
            return "root".equals(System.getProperty("user.name")); // no /proc here
        }
    }
}
