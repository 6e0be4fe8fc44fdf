package io.lighterage.runtime.bundle;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Turns an image's `User` into numbers with the text of the image's own passwd(5) and group(5). Pure.
///
/// A name is looked up before a number is taken as one, as chown(1) does. Lines that are malformed are passed over, as
/// libc does, unless they are the one asked for.
///
/// @param passwd text of `/etc/passwd`, empty when the image has none
/// @param group text of `/etc/group`, empty when the image has none
record Accounts(String passwd, String group) {
    /// Docker and runc refuse more: the kernel's ids have 32 bits, and one past their end would be root again.
    static final int MAX_ID = Integer.MAX_VALUE;

    /// `NGROUPS_MAX` of Linux.
    static final int MAX_GROUPS = 65_536;

    private static final int PASSWD_FIELDS = 4;
    private static final int HOME_FIELD = 5;
    private static final int GROUP_FIELDS = 3;
    private static final int MEMBERS_FIELD = 3;
    private static final String NO_HOME = "/";

    /// @param user `name`, `uid`, either followed by `:` and a group's name or gid; empty means root
    /// @throws ImageException NOT_FOUND when a name is unknown, INVALID when a number is out of range
    ContainerUser resolve(String user) {
        int colon = user.indexOf(':');
        String who = colon < 0 ? user : user.substring(0, colon);
        String groupPart = colon < 0 ? "" : user.substring(colon + 1);
        if (who.isEmpty()) {
            who = "0";
        }
        Optional<String[]> line = find(passwd, PASSWD_FIELDS, who);
        if (line.isEmpty()) {
            int uid = number(who).orElseThrow(() -> unknown("user", user, "/etc/passwd"));
            return new ContainerUser(uid, groupPart.isEmpty() ? 0 : gid(groupPart, user), List.of(), NO_HOME);
        }
        String[] account = line.get();
        int uid = requireNumber(account[2], user, "/etc/passwd");
        String home = account.length > HOME_FIELD && isAbsolute(account[HOME_FIELD]) ? account[HOME_FIELD] : NO_HOME;
        if (!groupPart.isEmpty()) {
            return new ContainerUser(uid, gid(groupPart, user), List.of(), home);
        }
        int gid = requireNumber(account[3], user, "/etc/passwd");
        return new ContainerUser(uid, gid, groupsOf(account[0], gid), home);
    }

    private int gid(String wanted, String user) {
        Optional<String[]> line = find(group, GROUP_FIELDS, wanted);
        if (line.isPresent()) {
            return requireNumber(line.get()[2], user, "/etc/group");
        }
        return number(wanted).orElseThrow(() -> unknown("group", user, "/etc/group"));
    }

    private List<Integer> groupsOf(String name, int primary) {
        Set<Integer> found = new TreeSet<>();
        lines(group, GROUP_FIELDS)
                .filter(line -> line.length > MEMBERS_FIELD
                        && List.of(line[MEMBERS_FIELD].split(",")).contains(name))
                .forEach(line -> parse(line[2]).ifPresent(found::add));
        found.remove(primary);
        if (found.size() > MAX_GROUPS) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the image's /etc/group puts '" + name + "' into " + found.size() + " groups; expected at most "
                            + MAX_GROUPS + ", which is what the kernel takes");
        }
        return new ArrayList<>(found);
    }

    /// The first line of that name, else the first with that number.
    private static Optional<String[]> find(String text, int fields, String wanted) {
        Optional<String[]> named =
                lines(text, fields).filter(line -> line[0].equals(wanted)).findFirst();
        OptionalInt number = named.isPresent() ? OptionalInt.empty() : number(wanted);
        if (number.isEmpty()) {
            return named;
        }
        return lines(text, fields).filter(line -> parse(line[2]).equals(number)).findFirst();
    }

    private static Stream<String[]> lines(String text, int fields) {
        return text.lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split(":", -1))
                .filter(line -> line.length >= fields && !line[0].isEmpty());
    }

    /// @return empty when it is a name
    /// @throws ImageException INVALID when it is a number that no user or group can have
    private static OptionalInt number(String text) {
        if (!text.matches("[-+]?[0-9]+")) {
            return OptionalInt.empty();
        }
        OptionalInt id = parse(text);
        if (id.isEmpty()) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the image wants to run as '" + shown(text) + "', which is out of range; expected 0 to " + MAX_ID
                            + ". The image was built wrongly or means to become root by overflow");
        }
        return id;
    }

    private static int requireNumber(String text, String user, String file) {
        return parse(text)
                .orElseThrow(() -> new ImageException(
                        ErrorKind.INVALID,
                        "the image's " + file + " gives '" + shown(user) + "' the id '" + shown(text)
                                + "'; expected 0 to " + MAX_ID));
    }

    private static OptionalInt parse(String text) {
        if (!text.matches("[0-9]{1,18}")) {
            return OptionalInt.empty();
        }
        long value = Long.parseLong(text);
        return value > MAX_ID ? OptionalInt.empty() : OptionalInt.of((int) value);
    }

    private static boolean isAbsolute(String path) {
        return path.startsWith("/") && path.indexOf('\0') < 0;
    }

    private static ImageException unknown(String kind, String user, String file) {
        return new ImageException(
                ErrorKind.NOT_FOUND,
                "the image wants to run as '" + shown(user) + "', but its " + file + " has no such " + kind
                        + "; expected a name it lists, or a number");
    }

    private static String shown(String text) {
        String cut = text.length() > 64 ? text.substring(0, 64) + "…" : text;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
