package io.lighterage.resolver.credentials;

import io.lighterage.resolver.Reference;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.locks.ReentrantLock;

/// Credentials that others pulled images with, by repository, in a [SealedFile] that the next process reads.
///
/// They stay until newer ones of the same repository, or of others, push them out: a layer may be read long after its
/// image was pulled, and after its image is gone the next one is likely to be of the same repository. Failures of the
/// disk are logged, and what was learned is then forgotten with the process.
///
/// `lock` guards all state and is held while the file is written.
public final class LearnedCredentials implements CredentialSource {
    /// A node has tenants with a secret each; who pulls one repository with more is rotating them.
    static final int MOST_PER_REPOSITORY = 8;

    /// As many as a node has images at most, several times over.
    static final int MOST_REPOSITORIES = 1000;

    /// Tokens with many claims are some kilobytes. More fits no header.
    static final int LONGEST = 16 << 10;

    private static final System.Logger LOG = System.getLogger(LearnedCredentials.class.getName());

    private final SealedFile file;
    private final ReentrantLock lock = new ReentrantLock();
    /// The newest last; of each repository the newest first.
    private final SequencedMap<String, List<Credential>> known;

    private LearnedCredentials(SealedFile file, SequencedMap<String, List<Credential>> known) {
        this.file = file;
        this.known = known;
    }

    /// Reads what an earlier process learned. What cannot be read is passed over with a warning.
    ///
    /// @param folder made when it is absent
    public static LearnedCredentials open(Path folder) {
        SealedFile file = new SealedFile(folder);
        LinkedHashMap<String, List<Credential>> known = new LinkedHashMap<>();
        try {
            Optional<byte[]> bytes = file.read();
            if (bytes.isPresent()) {
                known.putAll(LearnedDocument.parse(bytes.get()));
            }
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            // Its message may quote what was decrypted.
            LOG.log(
                    System.Logger.Level.WARNING,
                    "cannot read the learned credentials in " + folder + " ("
                            + e.getClass().getSimpleName()
                            + "); none are known until images are pulled again, and then the file is replaced");
        }
        return new LearnedCredentials(file, known);
    }

    /// Remembers what somebody pulls an image with, as the first to be tried for its repository. Durable when this
    /// returns.
    public void learn(Reference image, Credential credential) {
        if (length(credential) > LONGEST) {
            LOG.log(System.Logger.Level.WARNING, "a credential for " + image.path() + " is too long to be kept");
            return;
        }
        lock.lock();
        try {
            String name = key(image.domain(), image.repository());
            List<Credential> before = known.getOrDefault(name, List.of());
            if (!before.isEmpty() && before.getFirst().equals(credential)) {
                return;
            }
            List<Credential> now = new ArrayList<>(List.of(credential));
            before.stream()
                    .filter(other -> !other.equals(credential))
                    .limit(MOST_PER_REPOSITORY - 1L)
                    .forEach(now::add);
            var ignored = known.putLast(name, List.copyOf(now));
            while (known.size() > MOST_REPOSITORIES) {
                var pushedOut = known.pollFirstEntry();
                LOG.log(System.Logger.Level.DEBUG, "credentials are pushed out: " + pushedOut.getKey());
            }
            write();
        } finally {
            lock.unlock();
        }
    }

    private void write() {
        try {
            file.write(LearnedDocument.text(known));
        } catch (IOException | GeneralSecurityException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "cannot keep learned credentials in " + file.folder() + " (" + e
                            + "); they are forgotten with this process");
        }
    }

    @Override
    public Optional<Credential> find(String domain, String repository) {
        return findAll(domain, repository).stream().findFirst();
    }

    @Override
    public List<Credential> findAll(String domain, String repository) {
        lock.lock();
        try {
            return known.getOrDefault(key(domain, repository), List.of());
        } finally {
            lock.unlock();
        }
    }

    private static String key(String domain, String repository) {
        return domain.toLowerCase(Locale.ROOT) + "/" + repository;
    }

    private static int length(Credential credential) {
        return switch (credential) {
            case Credential.Password it -> it.user().length() + it.secret().length();
            case Credential.IdentityToken it -> it.token().length();
            case Credential.RegistryToken it -> it.token().length();
        };
    }

    /// How many repositories are known, and nothing of their secrets.
    @Override
    public String toString() {
        lock.lock();
        try {
            return "LearnedCredentials[repositories=" + known.size() + "]";
        } finally {
            lock.unlock();
        }
    }
}
