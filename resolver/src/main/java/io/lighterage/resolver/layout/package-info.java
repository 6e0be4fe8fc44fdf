/// Images in an OCI layout directory: `oci:dir[:tag]`.
@NullMarked
package io.lighterage.resolver.layout;

import org.jspecify.annotations.NullMarked;
