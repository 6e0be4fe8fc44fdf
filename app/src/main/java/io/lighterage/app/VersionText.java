package io.lighterage.app;

import picocli.CommandLine.IVersionProvider;

/// What this program is and what it runs on.
public final class VersionText implements IVersionProvider {
    /// The version in the jar's manifest; classes that were never packaged have none.
    public static String version() {
        String packaged = VersionText.class.getPackage().getImplementationVersion();
        return packaged == null ? "unpackaged" : packaged;
    }

    /// All of it on one line.
    public static String line() {
        return "lighter " + version() + " (Java " + java() + ", " + system() + ")";
    }

    /// The version of Java.
    public static String java() {
        return System.getProperty("java.runtime.version", "");
    }

    /// The operating system, its version and the architecture.
    public static String system() {
        return System.getProperty("os.name", "") + " " + System.getProperty("os.version", "") + " "
                + System.getProperty("os.arch", "");
    }

    @Override
    public String[] getVersion() {
        return new String[] {line()};
    }
}
