// Composes every case with a reference composer and says where it and ours differ.
//
// node against.mjs PACKAGE CASES.json, in a folder where the package is installed. CASES.json is
// [{ name, subgraphs: [{ name, url, sdl }], codes: [...] | null, supergraph: "..." | null, api: "..." | null }].
// A case agrees when both refuse it with the same set of codes, or both give the same supergraph and the same API schema.
// What differs case by case, then the count; exit code 1 when any does.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(`${process.cwd()}/`);
const [reference, file] = process.argv.slice(2);
const { composeServices, transformSupergraphToPublicSchema } = require(reference);
const { parse, print } = require('graphql');

const unique = (words) => [...new Set(words)].sort();

function composed(subgraphs) {
  try {
    const services = subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
    const { errors, supergraphSdl } = composeServices(services);
    return errors?.length
      ? { codes: unique(errors.map((error) => error.extensions?.code ?? 'NONE')) }
      : { supergraph: supergraphSdl, api: apiSchema(supergraphSdl) };
  } catch (error) {
    // An SDL that the parser refuses never reaches the reference composer.
    return { codes: [error.name === 'GraphQLError' ? 'INVALID_GRAPHQL' : `THROWN ${error.message.slice(0, 80)}`] };
  }
}

/** What clients see, as the reference makes it of its own supergraph. */
function apiSchema(sdl) {
  if (transformSupergraphToPublicSchema) return print(transformSupergraphToPublicSchema(parse(sdl)));
  const { Supergraph, printSchema } = require('@apollo/federation-internals');
  return printSchema(Supergraph.build(sdl, { supportedFeatures: null }).apiSchema());
}

/** A directive as text that depends neither on the order of its arguments nor on the spaces in a field set. */
function directive(node) {
  const name = ({ name }) => name.value;
  const sorted = [...(node.arguments ?? [])].sort((a, b) => (name(a) < name(b) ? -1 : 1));
  const words = sorted.map((argument) => {
    const { kind, value } = argument.value;
    return kind === 'StringValue' ? `${name(argument)}: ${value.replace(/\s*([^\w]|\s)\s*/g, '$1')}` : print(argument);
  });
  return `@${name(node)}(${words.join(', ')})`;
}

/** A supergraph as lines that do not depend on the order of anything: one for a type, a field, an argument, a value. */
function lines(sdl) {
  const found = [];
  const add = (coordinate, node, more = '') => {
    const directives = (node.directives ?? []).map(directive).sort().join(' ');
    const text = node.description?.value.trim() ?? '';
    found.push(`${coordinate} ${more} ${directives} ${JSON.stringify(text)}`);
  };
  for (const node of parse(sdl, { noLocation: true }).definitions) {
    const name = node.name?.value ?? 'schema';
    if (/^(join|link)__/.test(name)) continue;
    if (node.kind === 'DirectiveDefinition') {
      const parts = [...(node.arguments ?? []).map(print).sort(), ...node.locations.map((place) => place.value).sort()];
      found.push(`@${name} ${parts.join(' ')} ${node.repeatable}`);
      continue;
    }
    if (node.kind === 'SchemaDefinition') {
      found.push(`schema ${node.operationTypes.map(print).sort().join(' ')}`);
      continue;
    }
    const members = [...(node.interfaces ?? []), ...(node.types ?? [])].map((type) => type.name.value).sort();
    add(name, node, `${node.kind} ${members.join(' ')}`);
    for (const value of node.values ?? []) add(`${name}.${value.name.value}`, value);
    for (const field of node.fields ?? []) {
      add(`${name}.${field.name.value}`, field, `${print(field.type)} ${field.defaultValue ? print(field.defaultValue) : ''}`);
      for (const argument of field.arguments ?? []) {
        const value = argument.defaultValue ? print(argument.defaultValue) : '';
        add(`${name}.${field.name.value}(${argument.name.value}:)`, argument, `${print(argument.type)} ${value}`);
      }
    }
  }
  return found;
}

function differences(ours, theirs) {
  if (ours.codes || theirs.codes) {
    const words = (codes) => (codes ? codes.join(' ') : 'composes');
    const [mine, other] = [words(ours.codes && unique(ours.codes)), words(theirs.codes)];
    return mine === other ? [] : [`ours: ${mine}`, `theirs: ${other}`];
  }
  return [...schemaDifferences('', ours.supergraph, theirs.supergraph), ...schemaDifferences('api, ', ours.api, theirs.api)];
}

function schemaDifferences(which, ours, theirs) {
  const [mine, other] = [lines(ours), lines(theirs)];
  return [
    ...mine.filter((line) => !other.includes(line)).map((line) => `${which}ours: ${line}`),
    ...other.filter((line) => !mine.includes(line)).map((line) => `${which}theirs: ${line}`),
  ];
}

const cases = JSON.parse(readFileSync(file, 'utf8'));
let agreed = 0;
for (const { name, subgraphs, ...ours } of cases) {
  const found = differences(ours, composed(subgraphs));
  if (found.length === 0) agreed += 1;
  else console.log(`${name}\n${found.map((line) => `  ${line}`).join('\n')}`);
}
console.log(`${reference}: ${agreed} of ${cases.length} cases agree`);
process.exitCode = agreed === cases.length ? 0 : 1;
