// SPDX-License-Identifier: Apache-2.0
//
// Validates Kubernetes objects, as JSON on standard input, against the schemas of Kubernetes' API:
//
//	node validate.js DIRECTORY-WITH-NODE_MODULES <objects.json
//
// The validators know which fields have which types and which are required, but let fields pass that they
// have never heard of. So they are given objects that note what is looked at: what was not is unknown.
"use strict";

const path = require("path");
// Of each kind alone: the package's own classes copy what they are given.
const schemas = path.resolve(process.argv[2], "node_modules/kubernetes-models/_schemas");

function watched(value, where, unseen) {
	if (typeof value !== "object" || value === null)
		return value;
	const inside = {};
	const left = new Set(Array.isArray(value) ? [] : Object.keys(value));
	for (const key of Object.keys(value)) {
		inside[key] = watched(value[key], `${where}.${key}`, unseen);
		unseen.push(() => (left.has(key) ? [`${where}.${key}`] : []));
	}
	return new Proxy(value, {
		get(target, key) {
			left.delete(key);
			return Object.hasOwn(inside, key) ? inside[key] : target[key];
		},
		// Who goes through all of them takes any.
		ownKeys(target) {
			left.clear();
			return Reflect.ownKeys(target);
		},
	});
}

function capital(word) {
	return word[0].toUpperCase() + word.slice(1);
}

function schema({ apiVersion, kind }) {
	const [version, group] = apiVersion.split("/").reverse();
	return require(`${schemas}/IoK8sApi${capital(group ?? "core")}${capital(version)}${kind}.js`).validate;
}

function validate(object) {
	const where = `${object.kind} ${object.metadata?.name}`;
	const unseen = [];
	const look = schema(object);
	if (!look(watched(object, "", unseen)))
		throw new Error(`${where}: ${JSON.stringify(look.errors)}`);
	const unknown = unseen.flatMap((left) => left());
	if (unknown.length > 0)
		throw new Error(`${where}: unknown: ${unknown.join(" ")}`);
}

const objects = JSON.parse(require("fs").readFileSync(0, "utf8"));
try {
	objects.forEach(validate);
} catch (e) {
	console.error(e.message);
	process.exit(1);
}
console.log(`${objects.length} valid`);
