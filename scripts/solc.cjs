// solc's command line on top of npm's solc (WebAssembly), for machines that cannot download the
// native compiler. `_compiler.py` copies this file, soljson.js and a small sh script into
// py-solc-x's folder; py-solc-x, Ape, forge and slither then run it as if it were the binary.
//
// Understands: --standard-json [FILE], --combined-json LIST, --base-path, --include-path,
// --allow-paths (ignored: it may read what its user may read), --evm-version, --optimize,
// --optimize-runs, --via-ir, --libraries, --metadata-hash, --no-cbor-metadata, remappings a=b,
// source files, - (stdin), -o DIR, --version, --help. Anything else is an error, as with solc.
"use strict";

const fs = require("fs");
const path = require("path");

const OUTPUTS = {
  abi: ["abi"],
  asm: ["evm.legacyAssembly"],
  ast: [],
  bin: ["evm.bytecode.object"],
  "bin-runtime": ["evm.deployedBytecode.object"],
  devdoc: ["devdoc"],
  hashes: ["evm.methodIdentifiers"],
  metadata: ["metadata"],
  srcmap: ["evm.bytecode.sourceMap"],
  "srcmap-runtime": ["evm.deployedBytecode.sourceMap"],
  "storage-layout": ["storageLayout"],
  userdoc: ["userdoc"],
};

const HELP = `solc, the Solidity commandline compiler (npm's WebAssembly build).
Usage: solc [options] [input_file...]
  --standard-json [FILE]   Standard JSON input from FILE or stdin, Standard JSON output to stdout
  --combined-json LIST     one JSON of: ${Object.keys(OUTPUTS).join(",")}
  --base-path PATH  --include-path PATH  --allow-paths PATHS (ignored)  prefix=path (remapping)
  --optimize  --optimize-runs N  --evm-version NAME  --via-ir  --libraries LIST
  --metadata-hash none|ipfs|swarm  --no-cbor-metadata  -o DIR  --version  --help
`;

function fail(message) {
  fs.writeSync(2, `Error: ${message}\n`);
  process.exit(1);
}

/** Writes all of `text`: a pipe takes 64 KiB at a time and may answer EAGAIN. */
function print(text) {
  const bytes = Buffer.from(text, "utf8");
  for (let done = 0; done < bytes.length; ) {
    try {
      done += fs.writeSync(1, bytes, done);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

function parse(argv) {
  const options = { include: [], files: [], remappings: [], base: "" };
  const value = (flag, i) => (i < argv.length ? argv[i] : fail(`the required argument for option '${flag}' is missing`));
  for (let i = 0; i < argv.length; i++) {
    let argument = argv[i];
    const joined = /^(--[a-z-]+)=(.*)$/s.exec(argument);
    if (joined) {
      argument = joined[1];
      argv.splice(i + 1, 0, joined[2]);
    }
    switch (argument) {
      case "--standard-json":
        options.standard = true;
        break;
      case "--combined-json":
        options.combined = value(argument, ++i).split(",");
        break;
      case "--base-path":
        options.base = value(argument, ++i);
        break;
      case "--include-path":
        options.include.push(value(argument, ++i));
        break;
      case "--allow-paths":
        i++;
        break;
      case "--evm-version":
        options.evmVersion = value(argument, ++i);
        break;
      case "--optimize":
        options.optimize = true;
        break;
      case "--optimize-runs":
        options.optimize = true;
        options.runs = Number(value(argument, ++i));
        break;
      case "--via-ir":
        options.viaIR = true;
        break;
      case "--libraries":
        options.libraries = value(argument, ++i);
        break;
      case "--metadata-hash":
        options.metadataHash = value(argument, ++i);
        break;
      case "--no-cbor-metadata":
        options.noCbor = true;
        break;
      case "-o":
      case "--output-dir":
        options.output = value(argument, ++i);
        break;
      case "--overwrite":
      case "--pretty-json":
      case "--json-indent":
        break;
      case "--version":
        options.version = true;
        break;
      case "--help":
        options.help = true;
        break;
      default:
        if (argument.startsWith("-") && argument !== "-") fail(`unrecognised option '${argument}'`);
        (argument.includes("=") ? options.remappings : options.files).push(argument);
    }
  }
  return options;
}

/** The file a source unit name stands for: under the base path, then each include path. */
function reader({ base, include }) {
  const roots = [base || ".", ...include];
  return (name) => {
    for (const root of roots) {
      const file = path.resolve(root, name);
      if (fs.existsSync(file) && fs.statSync(file).isFile()) {
        return { contents: fs.readFileSync(file, "utf8") };
      }
    }
    return { error: `File not found: ${name}. Searched: ${roots.join(", ")}` };
  };
}

/** soljson.js without its habit of ending the process on any exception. */
function load() {
  const before = process.listeners("uncaughtException");
  const solc = require("./soljson.js");
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    for (const listener of process.listeners(event)) {
      if (!before.includes(listener)) process.removeListener(event, listener);
    }
  }
  return solc;
}

const version = (solc) => solc.cwrap("solidity_version", "string", [])();

/** One Standard JSON compilation; `read` answers solc's questions for imported files. */
function compile(solc, input, read) {
  const cString = (text, target) => {
    const length = solc.lengthBytesUTF8(text);
    const buffer = solc._solidity_alloc(length + 1);
    solc.stringToUTF8(text, buffer, length + 1);
    solc.setValue(target, buffer, "*");
  };
  const callback = solc.addFunction((context, kind, data, contents, error) => {
    const isSource = solc.UTF8ToString(kind) === "source";
    const answer = isSource ? read(solc.UTF8ToString(data)) : { error: "No SMT solver in WebAssembly" };
    if (answer.contents !== undefined) cString(answer.contents, contents);
    else cString(answer.error, error);
  }, "viiiii");
  return solc.cwrap("solidity_compile", "string", ["string", "number", "number"])(input, callback, 0);
}

/** The command line's Standard JSON input. */
function standardInput(options) {
  const base = path.resolve(options.base || ".");
  const sources = {};
  for (const file of options.files) {
    if (file === "-") {
      sources["<stdin>"] = { content: fs.readFileSync(0, "utf8") };
      continue;
    }
    if (!fs.existsSync(file)) fail(`"${file}" is not found.`);
    const absolute = path.resolve(file);
    const inside = absolute.startsWith(base + path.sep);
    const name = inside ? path.relative(base, absolute) : options.base ? absolute : file;
    sources[name.split(path.sep).join("/")] = { content: fs.readFileSync(file, "utf8") };
  }
  if (!Object.keys(sources).length) fail("No input files given.");

  const settings = { remappings: options.remappings, optimizer: { enabled: !!options.optimize } };
  if (options.runs !== undefined) settings.optimizer.runs = options.runs;
  if (options.evmVersion) settings.evmVersion = options.evmVersion;
  if (options.viaIR) settings.viaIR = true;
  if (options.metadataHash || options.noCbor) {
    settings.metadata = {};
    if (options.metadataHash) settings.metadata.bytecodeHash = options.metadataHash;
    if (options.noCbor) settings.metadata.appendCBOR = false;
  }
  if (options.libraries) {
    settings.libraries = {};
    for (const entry of options.libraries.split(/[,\s]+/).filter(Boolean)) {
      const [, file, name, address] = /^(?:(.*):)?([^:=]+)[=:](0x[0-9a-fA-F]{40})$/.exec(entry) || fail(`bad library ${entry}`);
      (settings.libraries[file || ""] ??= {})[name] = address;
    }
  }
  const wanted = options.combined || [];
  for (const name of wanted) if (!(name in OUTPUTS)) fail(`Invalid option to --combined-json: ${name}`);
  settings.outputSelection = {
    "*": { "*": wanted.flatMap((name) => OUTPUTS[name]), "": wanted.includes("ast") ? ["ast"] : [] },
  };
  return { language: "Solidity", sources, settings };
}

/** Standard JSON output in the shape of --combined-json. */
function combinedJson(output, wanted, solcVersion) {
  const pick = (contract, dotted) => dotted.split(".").reduce((at, key) => at && at[key], contract);
  const contracts = {};
  for (const [file, inFile] of Object.entries(output.contracts || {})) {
    for (const [name, contract] of Object.entries(inFile)) {
      const entry = (contracts[`${file}:${name}`] = {});
      for (const want of wanted) {
        if (OUTPUTS[want].length) entry[want] = pick(contract, OUTPUTS[want][0]) ?? null;
      }
    }
  }
  const combined = { contracts, version: solcVersion };
  const units = Object.entries(output.sources || {}).sort((a, b) => a[1].id - b[1].id);
  combined.sourceList = units.map(([name]) => name);
  if (wanted.includes("ast")) combined.sources = Object.fromEntries(units.map(([name, unit]) => [name, { AST: unit.ast, id: unit.id }]));
  return combined;
}

function main() {
  const options = parse(process.argv.slice(2));
  if (options.help) return print(HELP);
  const solc = load();
  if (options.version) {
    return print(`solc, the solidity compiler commandline interface\nVersion: ${version(solc)}\n`);
  }
  if (options.standard) {
    const file = options.files.find((name) => name !== "-");
    const input = fs.readFileSync(file === undefined ? 0 : file, "utf8");
    return print(compile(solc, input, reader(options)) + "\n");
  }
  if (!options.combined) fail("choose --standard-json or --combined-json");

  const output = JSON.parse(compile(solc, JSON.stringify(standardInput(options)), reader(options)));
  const problems = output.errors || [];
  for (const problem of problems) fs.writeSync(2, problem.formattedMessage);
  if (problems.some((problem) => problem.severity === "error")) process.exit(1);
  const text = JSON.stringify(combinedJson(output, options.combined, version(solc)));
  if (options.output === undefined) return print(text + "\n");
  fs.mkdirSync(options.output, { recursive: true });
  fs.writeFileSync(path.join(options.output, "combined.json"), text);
}

main();
