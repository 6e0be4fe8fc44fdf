package io.lighterage.app.verbs;

import io.lighterage.app.GlobalOptions;
import io.lighterage.app.Invocation;
import io.lighterage.app.LogFormat;
import io.lighterage.app.LogLevel;
import io.lighterage.app.config.ConfigFile;
import io.lighterage.app.config.SettingValues;
import io.lighterage.app.config.Settings;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The flags of a server about its configuration.
final class ConfigFlags {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "TOML file with settings, which flags go before; docs/config.md describes it (default:"
                    + " /etc/lighter/config.toml if there is one).")
    private @Nullable Path file;

    @Option(
            names = "--check-config",
            description = "Only check the configuration, and print what applies, flags included, as TOML.")
    private boolean check;

    @Option(
            names = "--log-format",
            paramLabel = "text|json",
            description = "The log on stderr for people, or one JSON object a line (default: text).")
    private @Nullable LogFormat logFormat;

    @Option(
            names = "--log-level",
            paramLabel = "error|warning|info|debug|trace",
            description = "The least severe events that are logged (default: warning, or what $$LIGHTER_LOG says).")
    private @Nullable LogLevel logLevel;

    boolean checkOnly() {
        return check;
    }

    SettingValues read() {
        return ConfigFile.read(Optional.ofNullable(file));
    }

    /// What was given of these and of the flags of every verb, before what is set already.
    SettingValues over(SettingValues set, Invocation invocation) {
        GlobalOptions flags = invocation.options();
        return set.withFlag(Settings.LOG_FORMAT, logFormat)
                .withFlag(Settings.LOG_LEVEL, logLevel)
                .orElse(
                        Settings.LOG_LEVEL,
                        LogLevel.named(invocation.environment().getOrDefault("LIGHTER_LOG", "")))
                .withFlag(Settings.ROOT, flags.root == null ? null : invocation.root())
                .withFlag(Settings.AUTHFILE, absolute(flags.authfile))
                .withFlag(Settings.PLAIN_HTTP, flags.plainHttp)
                .withFlag(Settings.TLS_VERIFY, flags.tlsVerify)
                .withFlag(Settings.CERT_DIR, absolute(flags.certDirectory))
                .withFlag(Settings.CONCURRENCY, flags.concurrency);
    }

    private static @Nullable Path absolute(@Nullable Path path) {
        return path == null ? null : path.toAbsolutePath();
    }
}
