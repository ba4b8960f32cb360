"""Serving versions for a while, and finding deployments that were left behind."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...backends import Backend
from ...errors import FineTuneError, NotFound, ServiceError, WrongResource
from ...jobs import DEPLOYING, account_of, drive, remove_deployment, serving
from ..memory._memory import Memory, Reference
from ..store._records import ModelVersion
from ._book import DeployedVersion, DeploymentBook, Entry
from ._deployed import Deployed, Target
from ._price import hosting_price

__all__ = ["Serving"]

_APPEARS_WITHIN = 3600.0
"""Seconds after which a deployment whose creation stayed unclear, and that is not there, never will be."""


class Serving(Memory):
    """The part of `ModelLineage` that deploys."""

    def deployed(
        self,
        *versions: Reference,
        tier: str = "developer",
        names: Sequence[str] | None = None,
        timeout: float = DEPLOYING,
        progress: bool = True,
    ) -> Deployed:
        """Serve versions for as long as a block lasts: `with lineage.deployed(first, second): ...`.

        The price of an hour is stated on the way in (on stderr) and is `.price` before it. The deployments are
        written into the file before they are created, and removed on the way out, also after an error or Ctrl-C;
        what could not be removed is an error that says how to. Nothing that existed before is removed. Works with
        `async with` too.

        Args:
            versions: at least one.
            tier: `developer` (no hosting fee, gone after 24 hours, not for every model), `standard` or `global`.
            names: of the deployments, in the order of `versions`; one that serves that version already is used
                and left there. None makes names from the file's and the version's.
            timeout: seconds until all must answer, in the backend's time.
            progress: state the price and show progress on stderr.

        Raises:
            NotSupported: the backend has no deployments.
            WrongResource: a version of a resource without a backend here.
            NotFound, Ambiguous, JobNotSucceeded: no such version.
            ValueError: no versions, or not one name for each.
        """
        chosen = list(dict.fromkeys(self.version(ref) for ref in versions))
        if not chosen:
            raise ValueError("name at least one version to deploy")
        if names is not None and (len(names) != len(chosen) or len(set(names)) != len(names)):
            raise ValueError(f"names must have one name for each of the {len(chosen)} versions")
        targets = [
            Target(
                version=version,
                backend=self._serving_backend(version),
                name=names[number] if names is not None else self._new_name(version),
                own=names is None,
            )
            for number, version in enumerate(chosen)
        ]
        able = targets[0].backend.capabilities
        return Deployed(
            targets,
            self._deployment_book(),
            tier=tier,
            price=hosting_price([version.base_model for version in chosen], tier, able),
            timeout=timeout,
            progress=progress,
            file=self.path,
        )

    def deployments(self) -> tuple[DeployedVersion, ...]:
        """What `deployed` has made here and has not seen removed, as it is now: what a crash left behind.

        What the service says is gone (of that name, not by leaving it out of a list) is not listed. One request for
        each; where nobody can be asked (no backend of the resource here, one of another account, no answer) the
        status is `unknown`.
        """
        return tuple(self._described(entry, status) for entry, status in self._present())

    def remove_deployments(self, *names: str) -> tuple[str, ...]:
        """Remove deployments this lineage has made: those named, or all that nobody uses any more.

        What a program on another machine has made is taken to be in use for an hour after its last sign of life;
        name it to remove it before.

        Returns:
            The names of those that are removed, or being removed.

        Raises:
            NotFound: a name this lineage has not made.
            ServiceError: some may still be there; the others are removed.
        """
        present = [entry for entry, _ in self._present()]
        known = {entry.name for entry in present}
        if unknown := [name for name in names if name not in known]:
            raise NotFound(
                f"this lineage has made no deployment {unknown[0]!r} that is still there",
                hint="lineage.deployments() lists them; others are not touched",
            )
        chosen = [entry for entry in present if (entry.name in names if names else not entry.in_use)]
        trouble = dict[str, str]()
        for entry in chosen:
            try:
                self._remove_deployment(entry)
            except FineTuneError as why:
                trouble[entry.name] = str(why)
        if trouble:
            raise ServiceError(
                f"may still be there: {'; '.join(f'{name} ({why})' for name, why in trouble.items())}",
                hint="Try again, or delete them in the portal: they cost by the hour",
            )
        return tuple(entry.name for entry in chosen)

    # -- inside --------------------------------------------------------------------------------------------

    def _serving_backend(self, version: ModelVersion) -> Backend:
        backend = self._backend_of(version.resource)
        serving(backend)
        return backend

    def _new_name(self, version: ModelVersion) -> str:
        """Recognisable in the portal, and never somebody else's."""
        stem = re.sub(r"[^A-Za-z0-9-]+", "-", Path(os.fspath(self.path)).stem).strip("-")[:32]
        return f"{stem or 'lineage'}-{version.id}-{secrets.token_hex(4)}"

    def _deployment_book(self) -> DeploymentBook:
        return DeploymentBook(self._store, self._lease_clock)

    def _remove_deployment(self, entry: Entry) -> None:
        backend = self._backend_of(entry.resource)
        if account_of(backend) != entry.account:
            raise WrongResource(
                f"it was made in the account {entry.account!r}; the backend's is {account_of(backend)!r}",
                hint="Open the lineage with a backend of that account",
            )
        if drive(remove_deployment(backend, entry.name, self.version(entry.version).model), backend.clock):
            self._settle_deployment(entry, backend)

    def _settle_deployment(self, entry: Entry, backend: Backend) -> None:
        """It is not there. One that was never confirmed may still appear for a while."""
        if entry.made or backend.clock.now() - entry.created_at > _APPEARS_WITHIN:
            self._deployment_book().removed(entry.id)

    def _present(self) -> Iterator[tuple[Entry, str]]:
        """What may be there, with its state."""
        models = {version.id: version.model for version in self.versions}
        for entry in self._deployment_book().present():
            backend = self._backends.get(entry.resource)
            if backend is None or account_of(backend) != entry.account:
                yield entry, "unknown"
            elif (status := _status(backend, entry.name, models[entry.version])) is not None:
                yield entry, status
            elif not entry.in_use:
                self._settle_deployment(entry, backend)

    def _described(self, entry: Entry, status: str) -> DeployedVersion:
        version = self.version(entry.version)
        backend = self._backends.get(entry.resource)
        price = (
            hosting_price([version.base_model], entry.tier, backend.capabilities).usd_per_hour
            if backend is not None
            else None
        )
        return DeployedVersion(
            name=entry.name,
            version=entry.version,
            model=version.model,
            resource=entry.resource,
            account=entry.account,
            tier=entry.tier,
            status=status,
            created_at=entry.created_at,
            in_use=entry.in_use,
            usd_per_hour=price,
        )


def _status(backend: Backend, name: str, model: str) -> str | None:
    """The service's word for a deployment's state, `unknown` without one; None where it is certainly not there."""
    try:
        found = serving(backend).get_deployment(name)
    except NotFound:
        return None
    except FineTuneError:
        return "unknown"
    # Somebody else has taken the name over, which ended ours. A service may spell the model in another case.
    return found.status if found.model.casefold() in {"", model.casefold()} else None
