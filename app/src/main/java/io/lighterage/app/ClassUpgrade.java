package io.lighterage.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// Gives the class files of a jar that was compiled for Java 5 the form of Java 8. The JVM keeps older ones out of its
/// start-up cache and verifies them with its slow verifier: for picocli that was two thirds of every start.
///
/// Only stack maps are added; the code is the same and is still verified. Run by the launcher before it makes the
/// cache, never while the command runs.
public final class ClassUpgrade {
    /// The first version whose verifier reads stack maps only, without falling back to the old one.
    private static final int MAPPED = 51;

    private static final String NOTE = "META-INF/UPGRADED.txt";

    private ClassUpgrade() {}

    /// @param args jars, each replaced in one rename; those that need nothing stay as they are
    public static void main(String[] args) throws IOException {
        for (String arg : args) {
            Path jar = Path.of(arg);
            if (isOld(jar)) {
                Path upgraded = jar.resolveSibling(jar.getFileName() + ".new");
                rewrite(jar, upgraded);
                Files.move(upgraded, jar, StandardCopyOption.ATOMIC_MOVE);
            }
        }
    }

    private static boolean isOld(Path jar) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                if (isClass(entry) && version(bytes(zip, entry)) < MAPPED) {
                    return true;
                }
            }
        }
        return false;
    }

    private static void rewrite(Path jar, Path upgraded) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile());
                OutputStream file = Files.newOutputStream(upgraded);
                ZipOutputStream out = new ZipOutputStream(file)) {
            ClassFile classes = classFile(zip);
            for (ZipEntry entry : Collections.list(zip.entries())) {
                byte[] content = bytes(zip, entry);
                put(out, entry.getName(), isClass(entry) ? upgrade(classes, content) : content);
            }
            String note = "Changed by Lighterage: stack maps were added to class files older than Java 7.\n";
            put(out, NOTE, note.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static ClassFile classFile(ZipFile zip) {
        ClassHierarchyResolver ofJar = ClassHierarchyResolver.ofResourceParsing(type -> {
            String descriptor = type.descriptorString();
            ZipEntry entry = zip.getEntry(descriptor.substring(1, descriptor.length() - 1) + ".class");
            try {
                return entry == null ? null : zip.getInputStream(entry);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        return ClassFile.of(
                ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                ClassFile.ClassHierarchyResolverOption.of(ofJar.orElse(ClassHierarchyResolver.defaultResolver())));
    }

    private static byte[] upgrade(ClassFile classes, byte[] content) {
        if (version(content) >= MAPPED) {
            return content;
        }
        ClassModel model = classes.parse(content);
        ClassTransform rebuilt = (builder, element) -> {
            switch (element) {
                case ClassFileVersion old -> builder.withVersion(ClassFile.JAVA_8_VERSION, 0);
                case MethodModel method ->
                    builder.transformMethod(method, (inner, part) -> {
                        if (part instanceof CodeModel code) {
                            inner.withCode(body -> code.forEach(body::with)); // anew, so that maps are computed
                        } else {
                            inner.with(part);
                        }
                    });
                default -> builder.with(element);
            }
        };
        return classes.transformClass(model, rebuilt);
    }

    private static boolean isClass(ZipEntry entry) {
        return entry.getName().endsWith(".class") && !entry.getName().startsWith("META-INF/");
    }

    /// The major version, big-endian at offset 6 of a class file (JVMS 4.1).
    private static int version(byte[] content) {
        return Byte.toUnsignedInt(content[6]) << 8 | Byte.toUnsignedInt(content[7]);
    }

    private static byte[] bytes(ZipFile zip, ZipEntry entry) throws IOException {
        try (InputStream in = zip.getInputStream(entry)) {
            return in.readAllBytes();
        }
    }

    /// With a fixed time, so that the same jar always becomes the same jar.
    private static void put(ZipOutputStream out, String name, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setTime(0);
        out.putNextEntry(entry);
        out.write(content);
        out.closeEntry();
    }
}
