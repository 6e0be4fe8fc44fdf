package io.lighterage.app.dist;

import io.lighterage.app.VersionText;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/// What a distribution of the running `lighter` holds: `bin/lighter`, the jars it needs in `lib`, the licence and the
/// readme, in one folder named after the version.
///
/// @param name the folder, for example `lighter-0.1.0`
/// @param files paths in the folder to the files they are made from, in order of path
public record Distribution(String name, Map<String, Path> files) {
    private static final String JAR = "lighter.jar";

    public Distribution {
        files = Collections.unmodifiableMap(new LinkedHashMap<>(files));
    }

    /// That of the command that runs, be it built from its sources or unpacked from a distribution itself.
    ///
    /// @throws ImageException PRECONDITION when it was not started by its launcher, or a file is missing
    public static Distribution ofRunning() {
        return of(runningJar());
    }

    /// @param jar `lib/lighter.jar` of a build or of an unpacked distribution
    static Distribution of(Path jar) {
        Path library = Objects.requireNonNull(jar.toAbsolutePath().getParent());
        Path home = Objects.requireNonNull(library.getParent());
        Path launcher = home.resolve("bin/lighter");
        Path texts = home;
        if (!Files.exists(launcher)) { // built: home is app/target/lighter of the sources
            texts = home.resolve("../../..").normalize();
            launcher = texts.resolve("lighter");
        }
        Map<String, Path> files = new LinkedHashMap<>();
        files.put("LICENSE", texts.resolve("LICENSE"));
        files.put("README.md", texts.resolve("README.md"));
        files.put("bin/lighter", launcher);
        Stream.concat(Stream.of(JAR), classPath(jar).stream())
                .sorted()
                .forEach(name -> files.put("lib/" + name, library.resolve(name)));
        files.forEach((path, file) -> {
            if (!Files.isRegularFile(file)) {
                throw new ImageException(
                        ErrorKind.PRECONDITION,
                        file + " is missing, which the distribution would hold as " + path
                                + "; build again (./mvnw package) or unpack the distribution again");
            }
        });
        return new Distribution("lighter-" + VersionText.version(), files);
    }

    /// The jars that the command needs beside its own. Others may lie in the folder from builds before.
    private static List<String> classPath(Path jar) {
        try (JarFile file = new JarFile(jar.toFile())) {
            String names = file.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
            return names == null ? List.of() : List.of(names.split(" "));
        } catch (IOException e) {
            throw new ImageException(ErrorKind.PRECONDITION, "cannot read the manifest of " + jar + ": " + e, e);
        }
    }

    private static Path runningJar() {
        CodeSource source = Distribution.class.getProtectionDomain().getCodeSource();
        URL location = source == null ? null : source.getLocation();
        try {
            Path jar = location == null ? null : Path.of(location.toURI());
            if (jar != null && jar.endsWith(JAR)) {
                return jar;
            }
        } catch (URISyntaxException e) {
            throw new AssertionError(e); // a class path holds files
        }
        throw new ImageException(
                ErrorKind.PRECONDITION,
                "this lighter does not run from its jars (" + location + "), so there is nothing to pack; start it by"
                        + " ./lighter");
    }
}
