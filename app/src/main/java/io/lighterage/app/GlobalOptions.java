package io.lighterage.app;

import static picocli.CommandLine.ScopeType.INHERIT;

import io.lighterage.app.progress.ProgressStyle;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The command `lighter` itself and the flags that every verb takes, before or after its name.
@Command(
        name = "lighter",
        synopsisSubcommandLabel = "VERB",
        description =
                "Pulls OCI images from any registry, unpacks them, and mounts them before they are here, with no daemon.",
        versionProvider = VersionText.class,
        subcommandsRepeatable = false,
        sortOptions = false,
        usageHelpAutoWidth = true,
        commandListHeading = "%nVerbs:%n",
        optionListHeading = "%nFlags of every verb:%n",
        footer = {
            "",
            "REF names an image as other tools do: debian:12, ghcr.io/owner/name@sha256:…, localhost:5000/a/b:tag,",
            "oci:folder:tag for an OCI layout on disk.",
            "",
            "Exit codes: 0 done, 1 other failure, 2 not found, 3 authentication, 4 verification, 5 network,",
            "6 no space, 7 not supported, 64 wrong usage, 130 interrupted."
        })
public final class GlobalOptions {
    @Option(
            names = "--root",
            scope = INHERIT,
            paramLabel = "DIR",
            description = "Where images are kept (default: /var/lib/lighterage as root, else"
                    + " $$XDG_DATA_HOME/lighterage or ~/.local/share/lighterage).")
    public @Nullable Path root;

    @Option(
            names = "--namespace",
            scope = INHERIT,
            paramLabel = "NAME",
            description = "Tenant within the root (default: ${DEFAULT-VALUE}).",
            defaultValue = "default")
    public String namespace = "default";

    @Option(
            names = "--platform",
            scope = INHERIT,
            paramLabel = "OS/ARCH[/VARIANT]",
            description = "Platform to take from an index of several (default: this machine's).")
    public @Nullable String platform;

    @Option(
            names = "--authfile",
            scope = INHERIT,
            paramLabel = "FILE",
            description = "Docker config.json or podman auth.json to use instead of the usual places.")
    public @Nullable Path authfile;

    @Option(
            names = "--creds",
            scope = INHERIT,
            paramLabel = "USER:PASSWORD",
            description = "Credentials for the registry. Other users of this machine can see them in the process"
                    + " list; --authfile is safer.")
    public @Nullable String credentials;

    @Option(
            names = "--tls-verify",
            scope = INHERIT,
            arity = "0..1",
            fallbackValue = "true",
            paramLabel = "true|false",
            description = "Whether certificates are checked (default: true).")
    public @Nullable Boolean tlsVerify;

    @Option(
            names = "--cert-dir",
            scope = INHERIT,
            paramLabel = "DIR",
            description = "Folder with the registry's CA (*.crt) and a client certificate (*.cert, *.key).")
    public @Nullable Path certDirectory;

    @Option(names = "--plain-http", scope = INHERIT, description = "Speak HTTP without TLS.")
    public @Nullable Boolean plainHttp;

    @Option(
            names = "--concurrency",
            scope = INHERIT,
            paramLabel = "N",
            description = "Requests in flight at once (default: 4).")
    public @Nullable Integer concurrency;

    @Option(
            names = "--format",
            scope = INHERIT,
            paramLabel = "text|json",
            defaultValue = "text",
            description = "Results for people, or one JSON document on stdout (default: ${DEFAULT-VALUE}).")
    public OutputFormat format = OutputFormat.TEXT;

    @Option(
            names = "--progress",
            scope = INHERIT,
            paramLabel = "auto|plain|json|none",
            defaultValue = "auto",
            description = "Progress on stderr: a board on a terminal and lines elsewhere, always lines, JSON lines,"
                    + " or nothing (default: ${DEFAULT-VALUE}).")
    public ProgressStyle progress = ProgressStyle.AUTO;

    @Option(
            names = {"-q", "--quiet"},
            scope = INHERIT,
            description = "No progress, and of the result only the digest or name.")
    public boolean quiet;

    @Option(
            names = {"-h", "--help"},
            scope = INHERIT,
            usageHelp = true,
            description = "Show this help.")
    public boolean help;

    @Option(names = "--version", versionHelp = true, description = "Show the version.")
    public boolean version;
}
