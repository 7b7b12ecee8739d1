/**
 * `npm run pack:client [-- folder]`: makes `tollfree-client-<version>.tgz`, the client as a package of its own. It
 * has one module, one declaration file and no dependencies.
 */
import path from "node:path";
import { packClient } from "./client-package/build.ts";

const tarball = await packClient(path.resolve(process.argv[2] ?? "."));
console.log(path.relative(".", tarball));
