"""The blueprints of all features: every module of views is imported here, and by nobody else."""

from typing import Final

from flask import Blueprint

from hub.accounts import key_views, people_views, profile_views, sign_up_views
from hub.accounts import views as accounts
from hub.accounts.sign_in import passkey_views, proving_views, session_views
from hub.accounts.sign_in import settings_views as sign_in_settings_views
from hub.pages import admin_views, health_views, journal_views, people_elsewhere_views, token_views
from hub.pages import views as pages
from hub.repos import activity_views, feed_views, list_views
from hub.repos import views as repos
from hub.repos.browsing.diffs import commit_views, compare_views
from hub.repos.browsing.files import blame_views, finder_views, raw_views, source_views
from hub.repos.browsing.history import contributor_views, history_views
from hub.repos.browsing.refs import archive_views, ref_views
from hub.repos.forks import fork_views
from hub.repos.imports import import_views
from hub.repos.settings import (
    collaborator_views,
    deploy_key_views,
    handover_views,
    rule_views,
    settings_views,
)
from hub.reviews import commit_views as change_commit_views
from hub.reviews import list_views as change_list_views
from hub.reviews import merge_views, open_views
from hub.reviews import views as reviews
from hub.reviews.conversation import act_views, redact_views, talk_views
from hub.reviews.files import files_views
from hub.search import views as search
from hub.search.code import api_views as search_api_views
from hub.search.code import branch_views as search_branch_views
from hub.search.code import offer_views as search_offer_views
from hub.search.saved import saved_views
from hub.search.symbols import symbol_views

# A feature's modules of views share one blueprint.
_MODULES: Final = (
    accounts,
    admin_views,
    journal_views,
    key_views,
    passkey_views,
    people_views,
    profile_views,
    proving_views,
    session_views,
    sign_in_settings_views,
    sign_up_views,
    token_views,
    repos,
    settings_views,
    collaborator_views,
    people_elsewhere_views,
    handover_views,
    list_views,
    rule_views,
    deploy_key_views,
    fork_views,
    import_views,
    source_views,
    finder_views,
    history_views,
    archive_views,
    blame_views,
    commit_views,
    compare_views,
    ref_views,
    raw_views,
    contributor_views,
    feed_views,
    activity_views,
    blame_views,
    reviews,
    files_views,
    search,
    search_api_views,
    search_branch_views,
    symbol_views,
    search_offer_views,
    saved_views,
    change_commit_views,
    change_list_views,
    open_views,
    merge_views,
    redact_views,
    talk_views,
    act_views,
    pages,
    health_views,
)

BLUEPRINTS: Final[tuple[Blueprint, ...]] = tuple(dict.fromkeys(module.blueprint for module in _MODULES))
