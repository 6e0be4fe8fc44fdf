package io.lighterage.resolver.credentials;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.ResolverConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The places secrets are looked for, in order; the first that has one for the registry wins. What was learned
/// comes before it, and does not replace it.
///
/// 1. `--creds user:password`, for every registry
/// 2. `--authfile`, instead of everything below
/// 3. `$DOCKER_AUTH_CONFIG` (the document itself)
/// 4. `$REGISTRY_AUTH_FILE`, else `$XDG_RUNTIME_DIR/containers/auth.json`
/// 5. `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`
public final class Credentials implements CredentialSource {
    private final List<CredentialSource> places;

    private Credentials(List<CredentialSource> places) {
        this.places = List.copyOf(places);
    }

    /// The places the configuration names. Nothing is read before the first [#find].
    ///
    /// @throws ImageException INVALID when explicit credentials are not `user:password`
    public static CredentialSource of(ResolverConfig config) {
        CredentialSource configured = configured(config);
        return config.learned()
                .<CredentialSource>map(learned -> new LearnedFirst(learned, configured))
                .orElse(configured);
    }

    private static CredentialSource configured(ResolverConfig config) {
        if (config.credentials().isPresent()) {
            Credential given = explicit(config.credentials().get());
            return (domain, repository) -> Optional.of(given);
        }
        Map<String, String> environment = config.environment();
        if (config.authFile().isPresent()) {
            return new AuthFile(config.authFile().get(), true, environment);
        }
        List<CredentialSource> places = new ArrayList<>();
        String document = environment.getOrDefault("DOCKER_AUTH_CONFIG", "");
        if (!document.isBlank()) {
            places.add((domain, repository) -> AuthDocument.parse(document, "$DOCKER_AUTH_CONFIG", environment)
                    .find(domain, repository));
        }
        for (Path file : usualFiles(environment)) {
            places.add(new AuthFile(file, false, environment));
        }
        return new Credentials(places);
    }

    @Override
    public Optional<Credential> find(String domain, String repository) {
        for (CredentialSource place : places) {
            Optional<Credential> found = place.find(domain, repository);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private static Credential explicit(String text) {
        int colon = text.indexOf(':');
        if (colon <= 0) {
            throw new ImageException(
                    ErrorKind.INVALID, "credentials are not user:password; expected a user name, ':' and a password");
        }
        return new Credential.Password(text.substring(0, colon), text.substring(colon + 1));
    }

    private static List<Path> usualFiles(Map<String, String> environment) {
        List<Path> files = new ArrayList<>();
        String podman = environment.getOrDefault("REGISTRY_AUTH_FILE", "");
        String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        if (!podman.isEmpty()) {
            files.add(Path.of(podman));
        } else if (!runtime.isEmpty()) {
            files.add(Path.of(runtime, "containers", "auth.json"));
        }
        String docker = environment.getOrDefault("DOCKER_CONFIG", "");
        String home = environment.getOrDefault("HOME", System.getProperty("user.home", "/"));
        files.add(docker.isEmpty() ? Path.of(home, ".docker", "config.json") : Path.of(docker, "config.json"));
        return files;
    }

    /// A configuration that cannot be read is no reason to leave a learned credential untried.
    private record LearnedFirst(CredentialSource learned, CredentialSource configured) implements CredentialSource {
        private static final System.Logger LOG = System.getLogger(Credentials.class.getName());

        @Override
        public Optional<Credential> find(String domain, String repository) {
            return findAll(domain, repository).stream().findFirst();
        }

        @Override
        public List<Credential> findAll(String domain, String repository) {
            List<Credential> all = new ArrayList<>(learned.findAll(domain, repository));
            try {
                all.addAll(configured.findAll(domain, repository));
            } catch (ImageException e) {
                if (all.isEmpty()) {
                    throw e;
                }
                LOG.log(System.Logger.Level.WARNING, e.getMessage());
            }
            return all.stream().distinct().toList();
        }
    }

    /// A file that is read when it is asked for.
    private record AuthFile(Path file, boolean required, Map<String, String> environment) implements CredentialSource {
        @Override
        public Optional<Credential> find(String domain, String repository) {
            if (!Files.exists(file)) {
                if (required) {
                    throw new ImageException(
                            ErrorKind.NOT_FOUND,
                            "auth file " + file + " does not exist; expected a Docker config.json or podman auth.json");
                }
                return Optional.empty();
            }
            return AuthDocument.read(file, environment).find(domain, repository);
        }
    }
}
