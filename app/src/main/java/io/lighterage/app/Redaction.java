package io.lighterage.app;

import java.util.regex.Pattern;

/// The last look at a line before it is logged. Messages are written without secrets; this takes out those that came in
/// with somebody else's words, such as an error of a library that quotes an address.
final class Redaction {
    private static final Pattern USER_INFO = Pattern.compile("(?<=://)[^/?#@\\s\"']++@");
    private static final Pattern QUERY =
            Pattern.compile("(\\b[A-Za-z][A-Za-z0-9+.-]{0,15}+://[^\\s?#\"'<>]{0,4096}+)\\?[^\\s\"'<>]++");
    private static final Pattern SCHEME = Pattern.compile("(?i)\\b(Basic|Bearer)(\\s++)[A-Za-z0-9._~+/=-]{8,}+");
    private static final Pattern NAMED = Pattern.compile(
            "(?i)\\b((?:(?:proxy-)?authorization|password|passwd|secret|(?:access_|refresh_|identity)?token|signature"
                    + "|X-Amz-(?:Signature|Credential|Security-Token))\"?\\s{0,4}+[:=]\\s{0,4}+\"?)"
                    + "(?:(?:Basic|Bearer)\\s++)?[^\\s\"',;&]++");

    private Redaction() {}

    static String of(String text) {
        String shown = USER_INFO.matcher(text).replaceAll("…@");
        shown = QUERY.matcher(shown).replaceAll("$1?…");
        shown = NAMED.matcher(shown).replaceAll("$1…");
        return SCHEME.matcher(shown).replaceAll("$1$2…");
    }
}
