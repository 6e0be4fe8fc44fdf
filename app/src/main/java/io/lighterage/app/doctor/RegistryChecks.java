package io.lighterage.app.doctor;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.ImageSource;
import io.lighterage.resolver.Reference;
import io.lighterage.resolver.ResolverConfig;
import io.lighterage.resolver.Resolvers;
import io.lighterage.resolver.credentials.Credential;
import io.lighterage.resolver.credentials.Credentials;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Whether credentials can be read, and whether a registry answers and lets us in.
final class RegistryChecks {
    /// Asked for where only a registry was named; nobody has it, so "not found" is the good answer.
    private static final String PROBE = "/lighterage/doctor:probe";

    private RegistryChecks() {}

    /// @param target an image, a registry's host, or empty to look at the credential files only
    static List<Finding> judge(Optional<String> target, ResolverConfig config) {
        List<Finding> findings = new ArrayList<>();
        String reference = target.map(RegistryChecks::reference).orElse("docker.io" + PROBE);
        findings.add(credentials(reference, config));
        if (target.isPresent()) {
            findings.add(answer(target.get(), reference, config));
        }
        return findings;
    }

    /// A host alone has no slash and looks like one: a dot before the port, or localhost.
    private static String reference(String target) {
        String host = target.contains(":") ? target.substring(0, target.indexOf(':')) : target;
        boolean registry = !target.contains("/") && (host.contains(".") || host.equals("localhost"));
        return registry ? target + PROBE : target;
    }

    private static Finding credentials(String reference, ResolverConfig config) {
        if (reference.startsWith("oci:")) {
            return Finding.ok("credentials", "none needed");
        }
        try {
            String plain = reference.startsWith("docker://") ? reference.substring("docker://".length()) : reference;
            Reference parsed = Reference.parse(plain);
            Optional<Credential> found = Credentials.of(config).find(parsed.domain(), parsed.repository());
            return Finding.ok(
                    "credentials",
                    found.isPresent()
                            ? "found for " + parsed.domain()
                            : "none for " + parsed.domain() + ", so anonymous");
        } catch (ImageException e) {
            return Finding.fail("credentials", String.valueOf(e.getMessage()), "correct the file, or give --authfile");
        }
    }

    private static Finding answer(String target, String reference, ResolverConfig config) {
        try (ImageSource source = Resolvers.installed().open(reference, config)) {
            Descriptor image = source.resolve();
            return Finding.ok("registry", source.name() + " is " + image.digest());
        } catch (ImageException e) {
            boolean probe = !reference.equals(target);
            return judged(probe, target, e);
        }
    }

    static Finding judged(boolean probe, String target, ImageException failure) {
        String message = String.valueOf(failure.getMessage());
        if (probe && failure.kind() == ErrorKind.NOT_FOUND) {
            return Finding.ok("registry", target + " answers");
        }
        return switch (failure.kind()) {
            case UNAUTHENTICATED, DENIED ->
                probe
                        ? Finding.warn(
                                "registry",
                                target + " answers and wants to know who we are",
                                "name an image you may pull to check the credentials")
                        : Finding.fail(
                                "registry",
                                message,
                                "log in with another tool (docker, podman, skopeo login), or give --creds or --authfile");
            case NOT_FOUND -> Finding.fail("registry", message, "check the image's name and tag");
            case UNAVAILABLE, RATE_LIMITED ->
                Finding.fail(
                        "registry",
                        message,
                        "check the name, the network and proxies; --plain-http for a registry without TLS, --cert-dir for its own CA");
            case INVALID, ALREADY_EXISTS, PRECONDITION, EXHAUSTED, CORRUPT, UNSUPPORTED, CANCELLED, INTERNAL ->
                Finding.fail("registry", message, "see the message");
        };
    }
}
