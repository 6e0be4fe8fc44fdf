package io.lighterage.runtime.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Certificates made by `openssl` for one test.
final class TestCertificates {
    private TestCertificates() {}

    /// Makes `ca.crt`, and `cert.pem` with `key.pem` and `key.der` signed by it for 127.0.0.1.
    static void make(Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        String at = folder + "/";
        Programs.run(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=test-ca",
                "-keyout",
                at + "ca.key",
                "-out",
                at + "ca.crt");
        Programs.run(
                "openssl",
                "req",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=127.0.0.1",
                "-keyout",
                at + "key.pem",
                "-out",
                at + "request.pem");
        Files.writeString(folder.resolve("names"), "subjectAltName=IP:127.0.0.1\n");
        Programs.run(
                "openssl",
                "x509",
                "-req",
                "-in",
                at + "request.pem",
                "-CA",
                at + "ca.crt",
                "-CAkey",
                at + "ca.key",
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                at + "names",
                "-out",
                at + "cert.pem");
        Programs.run(
                "openssl",
                "pkcs8",
                "-topk8",
                "-nocrypt",
                "-in",
                at + "key.pem",
                "-outform",
                "DER",
                "-out",
                at + "key.der");
    }
}
