/// Trees become EROFS images of metadata only: the kernel reads names and attributes from the image, and
/// the bytes of files from the flat files of layers, which it is given as extra devices.
///
/// Read [io.lighterage.remotesnapshotter.erofs.ErofsTree] first (what an image is made of), then
/// [io.lighterage.remotesnapshotter.erofs.ErofsPlan] (where everything lies) and
/// [io.lighterage.remotesnapshotter.erofs.ErofsFormat] (its bytes).
@NullMarked
package io.lighterage.remotesnapshotter.erofs;

import org.jspecify.annotations.NullMarked;
