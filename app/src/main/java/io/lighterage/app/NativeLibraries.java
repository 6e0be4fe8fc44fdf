package io.lighterage.app;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// Unpacks the native libraries that jars carry to one folder, once. Else each command would unpack them to the
/// temporary directory, load them from there, and have to delete them when it ends.
///
/// Run by the launcher before it makes the start-up cache, never while the command runs.
public final class NativeLibraries {
    private static final String MACHINE = System.getProperty("os.arch", "");

    /// Java says `amd64` where most of the world says `x86_64`.
    private static final String ARCHITECTURE = MACHINE.equals("amd64") ? "x86_64" : MACHINE;

    /// Names that the launcher gives to the JVM, and how the names in the jars begin and end.
    private static final List<Library> WANTED = List.of(
            new Library("libsqlitejdbc.so", "org/sqlite/native/Linux/" + ARCHITECTURE + "/", "libsqlitejdbc.so"),
            new Library("libzstd-jni.so", "linux/" + MACHINE + "/libzstd-jni", ".so"),
            new Library("libjffi-1.2.so", "jni/" + ARCHITECTURE + "-Linux/", "libjffi-1.2.so"));

    private NativeLibraries() {}

    private record Library(String name, String prefix, String suffix) {
        boolean is(String entry) {
            return entry.startsWith(prefix) && entry.endsWith(suffix);
        }
    }

    /// @param args the folder, then the jars
    public static void main(String[] args) throws IOException {
        Path folder = Files.createDirectories(Path.of(args[0]));
        int found = 0;
        for (String jar : List.of(args).subList(1, args.length)) {
            found += unpack(Path.of(jar), folder);
        }
        if (found != WANTED.size()) {
            throw new IOException("found " + found + " of " + WANTED + " in the jars");
        }
    }

    private static int unpack(Path jar, Path folder) throws IOException {
        int found = 0;
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                for (Library library : WANTED) {
                    if (library.is(entry.getName())) {
                        replace(zip, entry, folder.resolve(library.name()));
                        found++;
                    }
                }
            }
        }
        return found;
    }

    /// In one rename: a process that runs has the old one mapped.
    private static void replace(ZipFile zip, ZipEntry entry, Path file) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        try (InputStream in = zip.getInputStream(entry)) {
            Files.copy(in, fresh, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
